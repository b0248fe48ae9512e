"""Brings values in from outside: scenarios, pictures, films, fonts, the cache on disk."""
