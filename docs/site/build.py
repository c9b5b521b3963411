"""Builds the documentation site: ``python docs/site/build.py OUT [--rust FOLDER]``.

Everything is made under ``OUT/next`` and takes the place of the site before only when it is whole.
A warning of Sphinx or a broken link is an error.
"""

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import assemble  # noqa: E402  (beside this file)
import links  # noqa: E402
import reference  # noqa: E402
from sphinx.cmd.build import build_main  # noqa: E402


def write_source(source: Path, crates: list[str]) -> None:
    """The Markdown and reStructuredText that Sphinx reads."""
    assemble.copy_pages(ROOT, source)
    made, python = source / "reference", source / "python"
    made.mkdir()
    python.mkdir()
    registers = reference.register_pages(made)
    (made / "downloads.md").write_text(reference.downloads_page())
    names = [f"reference/{name}" for name in (*registers, "downloads")]
    if crates:
        (made / "rust.md").write_text(reference.rust_page(crates))
        names.append("reference/rust")

    index = source / "index.md"
    text = index.read_text()
    trees = [assemble.toctree(*section) for section in assemble.sections(text).items()]
    trees += [assemble.toctree("Registers and files", names),
              assemble.toctree("Python reference",
                               [f"python/{name}" for name in reference.python_pages(python)])]
    index.write_text(text + "".join(trees))


def main() -> int:
    parser = argparse.ArgumentParser(description="build the documentation site")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the site")
    parser.add_argument("--rust", type=Path, metavar="FOLDER", help="what cargo doc wrote")
    options = parser.parse_args()

    out, work = options.out.resolve(), options.out.resolve().with_name("docs-next")
    shutil.rmtree(work, ignore_errors=True)
    source, site = work / "source", work / "site"
    source.mkdir(parents=True)
    crates = []
    if options.rust:
        crates = sorted(path.parent.name for path in options.rust.glob("*/index.html")
                        if path.parent.name not in ("src", "static.files"))
    write_source(source, crates)
    status = build_main(["-W", "--keep-going", "-q", "-j", "2", "-c", str(ROOT / "docs/site"),
                         "-d", str(work / "doctrees"), str(source), str(site)])
    if status:
        return status
    reference.write_downloads(site / "downloads")
    if options.rust:
        shutil.copytree(options.rust, site / "rust")
    broken = links.problems(site, skip=("rust", "_modules"))
    for line in broken:
        print(line, file=sys.stderr)
    if broken:
        return 1
    shutil.rmtree(out, ignore_errors=True)
    site.rename(out)
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
