"""Reads a form of several parts, and nothing that is not a whole one."""

from dataclasses import dataclass, field

from python_multipart.multipart import MultipartParser, parse_options_header


@dataclass(slots=True)
class Part:
    """One part; `filename` is empty where it has none."""

    name: str = ""
    filename: str = ""
    content_type: str = "text/plain"
    data: bytearray = field(default_factory=bytearray)


class _Reader:
    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._header, self._value = b"", b""

    def on_part_begin(self) -> None:
        self.parts.append(Part())

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].data += data[start:end]

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        part, value = self.parts[-1], self._value
        if self._header.lower() == b"content-type":
            part.content_type = value.decode("latin-1")
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(value)
            part.name = options.get(b"name", b"").decode()
            part.filename = options.get(b"filename", b"").decode()
        self._header, self._value = b"", b""

    def on_end(self) -> None:
        self.ended = True


def read_form(content_type: str, raw: bytes) -> list[Part]:
    """Return a form's parts; raises ValueError for what is none, or not whole."""
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise ValueError("no form")
    reader = _Reader()
    callbacks = {
        name: getattr(reader, name)
        for name in (
            *("on_part_begin", "on_part_data", "on_header_field", "on_header_value"),
            *("on_header_end", "on_end"),
        )
    }
    MultipartParser(options[b"boundary"], callbacks).write(raw)  # type: ignore[arg-type]
    if not reader.ended:
        raise ValueError("not a whole form")
    return reader.parts
