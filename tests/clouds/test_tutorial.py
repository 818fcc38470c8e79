"""The tutorial against a cloud that we did not write."""

from support.cloud import MiniStack
from support.tutorial import TutorialContract


class TestTutorialOnMiniStack(TutorialContract):
    make_cloud = MiniStack
