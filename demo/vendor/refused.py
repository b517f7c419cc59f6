"""What a vendor, or a desk, does not do."""

from demo.rest import Json


class Refused(Exception):
    """A refusal by its kind; how the vendor words it is the vendor's own."""

    def __init__(self, kind: str, message: str, status: int = 400) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.status = status

    def shown(self) -> Json:
        """Return it as every desk shows it."""
        return {"error": {"type": self.kind, "message": self.message}}
