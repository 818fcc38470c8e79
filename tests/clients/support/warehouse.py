"""SQL as an organization's user runs it, with names for connections and stages."""

import itertools

from support import drivers, evidence

_numbers = itertools.count(1)


def new_name(kind):
    return f"{kind}_{next(_numbers)}"


class Warehouse:
    """One organization of a server; `parameters` go into the DSN."""

    def __init__(self, server, **parameters):
        self.server = server
        self.parameters = parameters

    @property
    def dsn(self):
        return self.server.dsn(**self.parameters)

    def run(self, *statements):
        """Runs statements through the driver for Python; the last one's rows."""
        return drivers.python(self.dsn, *statements)

    def error(self, *statements):
        """The message of the last statement, which must fail."""
        try:
            rows = self.run(*statements)
        except Exception as error:  # the driver raises several types
            evidence.note_error(str(error))
            return str(error)
        raise AssertionError(f"this was to fail: {statements[-1]}\nit answered {rows}")

    def connection(self, role, external_id=None):
        """A new connection with a role; returns its name."""
        name = new_name("connection")
        typed = f" EXTERNAL_ID = '{external_id}'" if external_id else ""
        self.run(f"CREATE CONNECTION {name} STORAGE_TYPE = 's3' ROLE_ARN = '{role}'{typed}")
        return name

    def stage(self, bucket, connection=None, prefix=""):
        """A new stage; returns its name."""
        name = new_name("stage")
        through = f" CONNECTION = (CONNECTION_NAME = '{connection}')" if connection else ""
        self.run(f"CREATE STAGE {name} URL = 's3://{bucket}/{prefix}'{through}")
        return name

    def stage_with_role(self, bucket, role):
        """A stage with a connection of its own."""
        return self.stage(bucket, self.connection(role))
