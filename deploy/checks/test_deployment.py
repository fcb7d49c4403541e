"""The files that deploy the service, as far as they can be judged without running them."""

import importlib.util
import json
import pathlib
import re
import shutil
import subprocess

import jsonschema
import pytest
import yaml

DEPLOY = pathlib.Path(__file__).parent.parent
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = ["api", "worker-1", "worker-2"]


def known_variables():
    """All that the configuration knows: a test of its own holds the example to that."""
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (DEPLOY / ".env.example").read_text(), re.M))


def test_compose_file_obeys_the_specification():
    # Docker's own package carries the specification's schema; nothing of the package is run. It was written
    # before the top level could have a name.
    package = pathlib.Path(importlib.util.find_spec("compose").submodule_search_locations[0])
    schema = json.loads((package / "config" / "compose_spec.json").read_text())
    schema["properties"]["name"] = {"type": "string"}
    jsonschema.Draft201909Validator(schema).validate(COMPOSE)


def test_everything_named_in_the_compose_file_is_there():
    for name, service in SERVICES.items():
        for needed in service.get("depends_on", {}):
            assert needed in SERVICES, f"{name} waits for {needed}"
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"], f"{name}: {volume}"
        for secret in re.findall(r"\$\{(\w+)", json.dumps(service)):
            assert secret in known_variables(), f"{name}: {secret}"
    volumes = [SERVICES[name]["volumes"][0] for name in OURS]
    assert len(set(volumes)) == len(OURS), "each has a folder of its own"


def test_dependencies_wait_for_health():
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            # Ours have the image's own check.
            checked = needed in OURS or "healthcheck" in SERVICES[needed]
            ends = how["condition"] == "service_completed_successfully"
            assert ends or (checked and how["condition"] == "service_healthy"), f"{name} -> {needed}"


@pytest.mark.parametrize("name", OURS)
def test_ours_have_no_rights_to_lose(name):
    service = SERVICES[name]
    assert service["user"] == "10001:10001" and service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]


def test_processes_get_the_time_to_drain():
    example = (DEPLOY / ".env.example").read_text()
    drain = float(re.search(r"^#DATAVIEWER_DRAIN_SECONDS=(.+)$", example, re.M)[1])
    unit = float(re.search(r"^TimeoutStopSec=(\d+)$", (DEPLOY / "dataviewer.service").read_text(), re.M)[1])
    for name in OURS:
        assert float(SERVICES[name]["stop_grace_period"].removesuffix("s")) > drain + 10
    assert unit > drain + 10


def test_ports_are_published_to_this_host_alone():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published and all(port.startswith("127.0.0.1:") for port in published)


def test_only_known_variables_are_set():
    known = known_variables()
    named = set(re.findall(r"(DATAVIEWER_\w+|\w+_FOLDER)=", (DEPLOY / "Dockerfile").read_text()))
    named |= set(re.findall(r"(\w+)=\S+", " ".join(
        line.removeprefix("Environment=")
        for line in (DEPLOY / "dataviewer.service").read_text().splitlines()
        if line.startswith("Environment=")
    )))
    for name in OURS:
        named |= set(SERVICES[name]["environment"])
    assert named <= known, named - known


def test_the_image_is_pinned_and_has_a_user_without_rights():
    text = (DEPLOY / "Dockerfile").read_text()
    toolchain = re.search(r'channel = "(.+)"', (DEPLOY.parent / "rust-toolchain.toml").read_text())[1]
    images = re.findall(r"^FROM (\S+)", text, re.M)
    assert images[0].startswith(f"rust:{toolchain}-") and all(":" in image for image in images)
    assert "latest" not in text
    assert re.search(r"^USER 10001:10001$", text, re.M)
    for name, service in SERVICES.items():
        assert name in OURS or re.search(r":\d", service["image"]), f"{name} has no version"


def test_the_build_is_sent_all_that_it_reads():
    """The members of the workspace, and nothing that holds data."""
    sent = re.findall(r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.M)
    members = re.search(r"^members = \[(.+)\]$", (DEPLOY.parent / "Cargo.toml").read_text(), re.M)[1]
    expected = {"Cargo.toml", "Cargo.lock", "src", *re.findall(r'"(\w+)"', members)}
    assert set(sent) == expected


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_unit_is_understood_and_confined(tmp_path):
    # The program is not installed here: something that is there stands for it.
    unit = (DEPLOY / "dataviewer.service").read_text().replace("/usr/local/bin/dataviewer", "/usr/bin/true")
    path = tmp_path / "dataviewer.service"
    path.write_text(unit)
    verified = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True)
    complaints = [line for line in verified.stderr.splitlines() if "dataviewer.service" in line]
    assert verified.returncode == 0 and not complaints, verified.stderr
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", path], capture_output=True, text=True
    )
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)[1])
    assert exposure <= 2.0, judged.stdout
