"""How the pickle machine is compiled; pyproject.toml says everything else.

The machine is one module in Cython's pure-Python mode. Compiling it makes scans faster and changes
nothing else, so nothing here may fail an install: without Cython, without a compiler, or with a
broken one, the package is installed with the same module as plain Python.
"""

import sys

from setuptools import Extension, setup


def extensions():
    """Return the machine as an extension, or nothing where it cannot be prepared."""
    try:
        from Cython.Build import cythonize

        machine = Extension(
            "weighbridge.formats.pickle.machine",
            ["src/weighbridge/formats/pickle/machine.py"],
            extra_compile_args=["-O3"],
        )
        modules = cythonize([machine], build_dir="build/cython", quiet=True)
    except Exception as error:  # Whatever is wrong with Cython, plain Python remains.
        print(f"weighbridge: the pickle machine stays uncompiled: {error}", file=sys.stderr)
        return []
    for module in modules:
        # After cythonize, which makes new objects and drops this.
        module.optional = True
    return modules


setup(ext_modules=extensions())
