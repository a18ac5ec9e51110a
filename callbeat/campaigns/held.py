"""What many files say, held until all of them are read: the first ones as they are, the others small."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from callbeat.campaigns.model import Campaign
from callbeat.campaigns.reader import Reading

MOST_WHOLE = 2_000
Small = tuple[Reading, bytes]


class Held:
    """Readings by their files. A hundred thousand campaigns as they are would be half a gigabyte."""

    def __init__(self) -> None:
        self._whole: dict[str, Reading] = {}
        self._small: dict[str, Small] = {}

    @property
    def files(self) -> set[str]:
        """Those that were read."""
        return self._whole.keys() | self._small.keys()

    def add(self, reading: Reading) -> None:
        """Hold a file's Reading."""
        if reading.campaign is None or len(self._whole) < MOST_WHOLE:
            self._whole[reading.file] = reading
        else:
            text = reading.campaign.model_dump_json(by_alias=True).encode()
            self._small[reading.file] = (replace(reading, campaign=None), zlib.compress(text, 1))

    def parts(self, most: int) -> Iterator[list[Reading]]:
        """All of them by file, so many at a time; each is held no longer."""
        files = iter(sorted(self.files))
        while part := list(islice(files, most)):
            yield [self._taken(file) for file in part]

    def _taken(self, file: str) -> Reading:
        if file in self._whole:
            return self._whole.pop(file)
        reading, text = self._small.pop(file)
        return replace(reading, campaign=Campaign.model_validate_json(zlib.decompress(text)))
