from setuptools import Extension, setup

setup(ext_modules=[Extension("shop._fast", ["src/shop/_fast.c"])])
