"""`outline` is not fitted: it takes over what COCO's net knows of the classes it draws."""

from __future__ import annotations

from pathlib import Path

from proctor_models.config import Recipe
from proctor_models.config_nets import OutlineNet
from proctor_models.errors import CheckpointError
from proctor_models.files import building, write_json
from proctor_models.nets.checkpoint import CHECKPOINT_FILE, load_net, save_net
from proctor_models.nets.scene import SceneNet
from proctor_models.training.prepare import spec_of, start_file
from proctor_models.training.record import METRICS_FILE

NO_DATA = ""
"""Its data version: it has learnt from no dataset of ours."""


def take_over(recipe: Recipe, out: Path) -> None:
    """Write the checkpoint folder `out`, or nothing: the weights that the recipe names, cut to what `outline` draws.

    Raises:
        ConfigError: the recipe makes no such net, or an environment variable it names is not set.
        CheckpointError: the weights are not there, or are of another net.
    """
    spec = spec_of(recipe, "outline", NO_DATA)
    plan = recipe.plan("outline")
    assert isinstance(plan, OutlineNet)  # noqa: S101  for the type checker
    start = start_file(recipe, plan.init)
    net = SceneNet(spec.names)
    if start.name == CHECKPOINT_FILE:
        started, known = load_net(start.parent)
        if known.net != spec.net or known.names != spec.names or not isinstance(started, SceneNet):
            raise CheckpointError(f"{start}: expected an outline net of {spec.names}, got {known.net} of {known.names}")
        if known.data_version != NO_DATA:
            raise CheckpointError(
                f"{start}: data_version: expected a net that learnt from no dataset of ours, got "
                f"{known.data_version[:12]}; nobody would know whose frames are in it: start from COCO's weights"
            )
        net = started
    else:
        net.load_coco(start)
    with building(out) as part:
        save_net(part, net, spec)
        said = {"recipe": spec.recipe, "data_version": NO_DATA, "persons": [], "persons_not_stated_by": []}
        write_json(part / METRICS_FILE, said)
