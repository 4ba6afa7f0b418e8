"""`rpo-edge models`, and `rpo-edge doctor`, which looks after them and the store."""

from __future__ import annotations

import typer

from rpo_edge.cli.common import ask, group, place, say, write

app = group("The models that came with this build.")


@app.command("list")
def models_list() -> None:
    """The reflectors of this build."""
    from rpo_edge.manifest import Manifest, embedded

    write("rules\tbuilt in, no model\n")
    for folder in embedded():
        manifest = Manifest.load(folder)
        write(f"{folder.name}\t{manifest.name}\t{manifest.quantization}\t{manifest.sha256[:12]}\n")


@app.command("verify")
def models_verify() -> None:
    """Check every byte of the embedded models against their manifests."""
    from rpo_edge.manifest import Manifest, embedded

    folders = embedded()
    for folder in folders:
        Manifest.load(folder).verify()
        write(f"{folder.name}: ok\n")
    if not folders:
        say("rpo-edge: this build has no embedded model; the rules reflector needs none")


def doctor(context: typer.Context) -> None:
    """Check store, models and onnxruntime, and say what is wrong."""
    from rpo_edge.doctor import checks

    failed = False
    for check in checks(place(context), ask):
        failed = failed or not check.ok
        write(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}\n")
    if failed:
        raise typer.Exit(2)
