"""The device tree follows the bindings of ``docs/bindings``, and those follow the meta-schema."""

import subprocess
import sys
from pathlib import Path

import pytest

from sim.tools import PROJECT
from soc.config import CONFIGURATIONS, configuration, without_taic
from soc.devicetree import device_tree, dtb
from soc.fdt import to_dtb
from soc.memory_map import taic_params

BINDINGS = PROJECT / "docs" / "bindings"
TOOLS = Path(sys.executable).parent
OWN = ("(riscv,uintc0)", "(riscv,taic0)")
# Said of properties of other nodes, whose bindings are not in the package but in the kernel's
# sources.
FOREIGN = "is not of type 'object', 'integer', 'array', 'boolean', 'null'"
PARAMS = [configuration(name, harts=harts) for name in CONFIGURATIONS for harts in (1, 2, 4)]
PARAMS += [without_taic(configuration("default")), configuration("tiny", flash_image=0x20_0000)]


def complaints(tmp_path, blob):
    """Returns what dt-validate says about a device tree."""
    file = tmp_path / "soc.dtb"
    file.write_bytes(blob)
    done = subprocess.run([TOOLS / "dt-validate", "-s", BINDINGS, file], capture_output=True,
                          text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return [line for line in lines if line and not line.startswith("\t")  # the schema's name
            and (FOREIGN not in line or any(name in line for name in OWN))]


@pytest.mark.parametrize("schema", sorted(BINDINGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_bindings_follow_the_meta_schema(schema):
    done = subprocess.run([TOOLS / "dt-doc-validate", schema], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("params", PARAMS, ids=lambda params: f"{params.name}-{params.harts}")
def test_device_tree_follows_the_bindings(tmp_path, params):
    assert complaints(tmp_path, dtb(params)) == []


@pytest.mark.parametrize("node, name, value", [
    ("taic", "gq-num", [3]), ("taic", "rel4,queues", True), ("taic", "interrupt-controller", True),
    ("uintc", "#interrupt-cells", 2), ("uintc", "reg-names", ["errors", "receivers"]),
    ("l2-cache", "cache-level", "two"), ("chosen", "stdout-path", [1]),
])
def test_faults_are_found(tmp_path, node, name, value):
    """A planted fault in a property is told."""
    root = device_tree(configuration("default"))
    found, = (part for part in root.walk() if part.name.partition("@")[0] == node)
    found.properties[name] = value
    assert any(name in line for line in complaints(tmp_path, to_dtb(root)))


def test_numbers_of_taic_agree():
    params = configuration("tiny")
    root, taic = device_tree(params), taic_params(params)
    node, = (part for part in root.walk() if part.label == "taic")
    assert node.properties["gq-num"] == bytes([node.properties["rel4,contexts"]])
    assert node.properties["lq-num"] == bytes([node.properties["rel4,queues"]])
    assert (node.properties["rel4,contexts"], node.properties["rel4,tasks"]) == (
        taic.contexts, taic.tasks)
