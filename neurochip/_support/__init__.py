"""Shared utilities: checks of arguments, files, names, progress bars and the time grid."""
