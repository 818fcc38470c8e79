"""The tutorial against the sandbox."""

from support.cloud import Sandbox
from support.tutorial import TutorialContract


class TestTutorialOnTheSandbox(TutorialContract):
    make_cloud = Sandbox
