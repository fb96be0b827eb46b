"""The record of truth: tables, transactions, and one module for each noun that is kept."""
