"""Root keys at run time: which are in use, adding, rotating, retiring."""
