"""How an error of a command reaches the guard as it is."""


class Carried(BaseException):
    """Carries an error of a command, its cause, past typer, which has ways of its own with some of them."""
