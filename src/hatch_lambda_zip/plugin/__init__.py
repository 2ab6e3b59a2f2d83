"""hatchling's side: the build target, the build hook, and the own wheel made in process."""
