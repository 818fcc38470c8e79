"""SHOW SETUP applied to a cloud that we did not write."""

from support.cloud import MiniStack
from support.setup import SetupContract


class TestSetupOnMiniStack(SetupContract):
    make_cloud = MiniStack

    def test_a_folder_whose_name_means_something_elsewhere(self):
        """MiniStack takes `${*}`, `${?}` and `${$}` of a policy for plain text; AWS and the sandbox do not."""
