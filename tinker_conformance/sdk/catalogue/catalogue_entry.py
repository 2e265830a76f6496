"""One entry of the catalogue: how to install and drive an SDK that is a fork of `tinker`, or patches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec


class SdkNames(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an SDK has its copies of the official SDK's modules and classes.

    The defaults are the names of the official SDK. A class is written ``package.module:Class``.

    Attributes:
        root: The package that contains ``lib``, ``_exceptions`` and ``_models``: ``tinker``, or the fork's
            copy.
        types: The module of the request types. None: ``ROOT.types``.
        service_client: The class that a user creates first. None: ``ROOT:ServiceClient``.
        sampling_client: The class of sampling clients. None: the official SDK's, below ROOT.
        training_client: The class of training clients. None: the official SDK's, below ROOT.
        observers: Further classes with a method ``on_queue_state_change``, beside both clients and
            ``ROOT.lib.queue_state_logger:QueueStateLogger``.
        telemetry: The class that sends telemetry. None: ``ROOT.lib.telemetry:Telemetry``.
        initialise: What to run before the first client is created: each item is a module to import, or a
            function to call without arguments, written ``package.module:function``.
    """

    root: str = "tinker"
    types: str | None = None
    service_client: str | None = None
    sampling_client: str | None = None
    training_client: str | None = None
    observers: tuple[str, ...] = ()
    telemetry: str | None = None
    initialise: tuple[str, ...] = ()

    def module(self, path: str) -> str:
        """Return the full name of the module at `path` below the root package."""
        return f"{self.root}.{path}"

    @property
    def types_module(self) -> str:
        """The module of the request types."""
        return self.types or self.module("types")

    @property
    def service_class(self) -> str:
        """The class that a user creates first."""
        return self.service_client or f"{self.root}:ServiceClient"

    @property
    def sampling_class(self) -> str:
        """The class of sampling clients."""
        return self.sampling_client or self.module("lib.public_interfaces.sampling_client:SamplingClient")

    @property
    def training_class(self) -> str:
        """The class of training clients."""
        return self.training_client or self.module("lib.public_interfaces.training_client:TrainingClient")

    @property
    def telemetry_class(self) -> str:
        """The class that sends telemetry."""
        return self.telemetry or self.module("lib.telemetry:Telemetry")

    @property
    def observer_classes(self) -> tuple[str, ...]:
        """The classes that may have a method ``on_queue_state_change``.

        Up to 0.9 these are the clients themselves. Since 0.10 a training client notifies a separate logger.
        """
        logger = self.module("lib.queue_state_logger:QueueStateLogger")
        own = (self.module("lib.public_interfaces.sampling_client:SamplingClient"), self.sampling_class)
        also = (self.module("lib.public_interfaces.training_client:TrainingClient"), self.training_class)
        return tuple(dict.fromkeys((*own, *also, logger, *self.observers)))


class DrivenSdk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the official SDK's adapter has to know about the SDK that it drives.

    The defaults are the official SDK.

    Attributes:
        name: The SDK's name in reports.
        package: The package whose version is reported.
        profile: The profile that the SDK aims at; None: the profile of the SDK's version.
        names: Where the SDK's modules and classes are.
    """

    name: str = "tinker"
    package: str = "tinker"
    profile: str | None = None
    names: SdkNames = SdkNames()


class Installation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to build the environment of an SDK.

    Attributes:
        extras: Extras of the package whose requirements are installed too.
        leave_out: Required packages that are not installed.
        also: Further requirements to install: packages that the SDK imports without requiring them.
        pins: Exact versions of packages, ``package==version``. They apply only to the version of the entry.
        substitutes: Modules that replace packages left out: the text of each file, by the file's path.
        wheel: A wheel to install instead of the registry's; its path is relative to the file of the entry.
    """

    extras: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    substitutes: Mapping[str, str] = msgspec.field(default_factory=dict)
    wheel: str | None = None


class CatalogueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An SDK that the kit can install and judge.

    Attributes:
        name: The SDK's name, as in ``package:NAME``.
        package: The SDK's package on the registry.
        version: The version that the entry was written for. It is judged unless the user names another one.
        profile: The profile that the SDK aims at.
        about: What the SDK is, in one sentence.
        install: How to build the SDK's environment.
        names: Where the SDK's modules and classes are.
        hidden_variables: Prefixes of environment variables that the SDK's process does not get, because they
            change what the SDK does.
        known_failures: The SDK's known deviations, in the form of a file of known failures.
        source: The file of the entry, for messages.
    """

    name: str
    package: str
    version: str
    profile: str
    about: str
    install: Installation
    names: SdkNames
    hidden_variables: tuple[str, ...]
    known_failures: tuple[Mapping[str, object], ...]
    source: str

    @property
    def driven(self) -> DrivenSdk:
        """What the official SDK's adapter has to know about this SDK."""
        return DrivenSdk(name=self.name, package=self.package, profile=self.profile, names=self.names)


@dataclass(frozen=True, slots=True)
class NamedPackage:
    """The SDK and the version that a SPEC `package:…` names.

    Attributes:
        entry: The SDK's entry of the catalogue.
        version: The version to judge.
    """

    entry: CatalogueEntry
    version: str

    @property
    def is_pinned(self) -> bool:
        """Whether the entry was written for this version, so that its pins apply."""
        return self.version == self.entry.version
