"""The made-up customers of the demonstration: who they are, how their file was spoilt, and what a hub makes of it."""
