"""Customers correct their own data by a link that works once; a new number or address counts when it is proven."""
