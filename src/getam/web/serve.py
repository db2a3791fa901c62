"""This module serves a page of gradio to browsers of this machine, and to nobody else."""

import os
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import TYPE_CHECKING

from getam.web.dropped import MOST_MEBIBYTES

if TYPE_CHECKING:
    import gradio

HOST = "127.0.0.1"
"""The address of this machine that no other machine can reach."""

SESSIONS = 8
"""Open pages whose sights are kept; a page that is asked again later begins anew."""

STYLE = Path(__file__).with_name("pages.css")

Build = Callable[[], "gradio.Blocks"]
"""A function that makes a page; it runs after the settings of gradio are made."""


@contextmanager
def served(build: Build, *, port: int | None = None) -> Iterator[str]:
    """Serve a page as long as the block runs, and yield its address.

    Only this machine reaches the page. Photos and pictures lie in a temporary folder that is
    removed at the end. Gradio's messages to its makers are off, and the page asks no other host for
    fonts or scripts, so that it works without a network.

    Parameters
    ----------
    build
        Makes the page, such as a call of :func:`getam.web.page.explore_page`.
    port
        The port, 1..65535; None takes the first free one from 7860.

    Raises
    ------
    OSError
        If the port is taken.
    """
    with TemporaryDirectory(prefix="getam-serve-", ignore_cleanup_errors=True) as folder:
        keep_to_this_machine(folder)
        page = build()
        address = _launch(page, port)
        try:
            yield address
        finally:
            page.close(verbose=False)


def serve(build: Build, *, port: int | None = None, open_browser: bool = False) -> None:
    """Serve a page until somebody presses Ctrl-C.

    Parameters
    ----------
    build, port
        They are those of :func:`served`.
    open_browser
        Open the page in the browser of the system.
    """
    with served(build, port=port) as address:
        print(f"Open {address} in a browser of this machine. Ctrl-C ends it.", flush=True)
        if open_browser:
            webbrowser.open(address)
        try:
            while True:
                sleep(1)  # a wait without an end would not hear Ctrl-C on every system
        except KeyboardInterrupt:
            print()


def keep_to_this_machine(folder: str) -> None:
    """Set what gradio reads from the environment: its folder, no telemetry, no proxy to itself."""
    os.environ["GRADIO_TEMP_DIR"] = str(Path(folder).resolve())
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    for name in ("no_proxy", "NO_PROXY"):  # else gradio would ask a proxy whether it runs
        others = [host for host in os.environ.get(name, "").split(",") if host not in ("", HOST)]
        os.environ[name] = ",".join([*others, HOST])


def theme() -> "gradio.themes.Base":
    """Return colours with enough contrast, and fonts that every system has."""
    import gradio

    made = gradio.themes.Default(
        primary_hue="indigo",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return made.set(block_info_text_color="*neutral_600", block_info_text_color_dark="*neutral_300")


def _launch(page: "gradio.Blocks", port: int | None) -> str:
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    # A site whose name an attacker lets point to this machine must not read or use the page.
    guard = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    try:
        _, address, _ = page.launch(
            server_name=HOST,
            server_port=port,
            share=False,
            prevent_thread_lock=True,
            quiet=True,
            footer_links=[],
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            mcp_server=False,
            pwa=False,
            inline=False,
            app_kwargs={"middleware": [guard]},
            max_file_size=MOST_MEBIBYTES * 2**20,
            state_session_capacity=SESSIONS,
            theme=theme(),
            css_paths=STYLE,
        )
    except OSError as error:
        if "empty port" not in str(error):
            raise
        taken = "the ports from 7860 are all taken" if port is None else f"port {port} is taken"
        raise OSError(f"{taken}: name another one with --port") from None
    return address
