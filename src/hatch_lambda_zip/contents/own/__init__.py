"""The project's own files: which of them ship, and what a checkout may have otherwise than another.

git's rules decide what of an included directory ships; what builds wrote never does. Names and line
ends that another file system, git or machine would make different are errors.
"""
