"""Imported once by the fork server of offline work: what the workers' children have, and what finishes chunks."""

import gc
from importlib import import_module

import_module("app.worker.preload")
import_module("app.offline.engines.finishing")
gc.freeze()
