"""hatchling's side: the build target, the build hook, and the own wheel made in process.

``hooks`` is what the entry point names. Nothing here is imported before hatchling asks for it.
"""
