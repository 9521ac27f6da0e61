"""PostgreSQL by pg8000, a driver in Python."""

import pg8000.dbapi
import pg8000.exceptions

from .aws import Refused
from .network import SERVERS

DATABASE = "contractors"


def connect(port, role, password, source, agent):
    """A session. Raises Refused where the server says no."""
    try:
        session = pg8000.dbapi.connect(
            user=role, password=password, host=SERVERS, port=port, database=DATABASE,
            source_address=(source, 0), application_name=agent, timeout=10,
        )
    except (pg8000.exceptions.Error, OSError) as error:
        raise Refused(str(error)[:200]) from None
    session.autocommit = True
    return session


def run(session, statement):
    """The rows. Raises Refused where the server says no or has ended the session."""
    try:
        cursor = session.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
    except (pg8000.exceptions.Error, OSError, AttributeError) as error:
        raise Refused(str(error)[:200]) from None
