"""JupyterLab as `make notebooks` starts it: for this machine alone, behind a token, and without a word to anybody."""

from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821  Jupyter's, when it reads this file
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.root_dir = str(Path(__file__).resolve().parent.parent)
c.ServerApp.allow_root = True  # containers have no other user
c.LabApp.default_url = "/lab/tree/notebooks/01_what_is_in_the_frames.ipynb"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.handlers.announcements.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"  # the other one asks PyPI
c.KernelSpecManager.ensure_native_kernel = True
