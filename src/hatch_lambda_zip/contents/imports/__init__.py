"""What a function imports: from its handler through the project's own modules.

Two readers look at sources. `module_source` parses them, for checks that never decide a byte.
`mentions` looks at their text alone, for what ships: no running Python has a say in the bytes.
"""
