"""The catalogue of SDKs: each entry is a TOML file that says how to install an SDK and where its classes are.

The name of an entry, or the path of such a file, goes in. A `CatalogueEntry` comes out, which tells the kit
how to build the SDK's environment, and tells the official SDK's adapter the names of modules and classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.sdk.catalogue.catalogue_entry import (
        CatalogueEntry,
        DrivenSdk,
        Installation,
        SdkNames,
    )
    from tinker_conformance.sdk.catalogue.catalogue_files import (
        catalogue,
        find_entry,
        load_entry,
    )

__all__ = [
    "CatalogueEntry",
    "DrivenSdk",
    "Installation",
    "SdkNames",
    "catalogue",
    "find_entry",
    "load_entry",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "catalogue_entry": "CatalogueEntry DrivenSdk Installation SdkNames",
        "catalogue_files": "catalogue find_entry load_entry",
    },
)
