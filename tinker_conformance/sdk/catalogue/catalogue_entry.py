"""One entry of the catalogue: what the kit must know of a fork of the official SDK, or of a patched one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec


class SdkNames(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the modules and classes of the official SDK are in a package that has them under other names.

    The defaults are the names of the official SDK. A class is written ``package.module:Class``.

    Attributes:
        root: The package that holds ``lib``, ``_exceptions`` and ``_models``: ``tinker``, or the fork's copy.
        types: The module of the request types. None for ``ROOT.types``.
        service_client: The class that a user creates first. None for ``ROOT:ServiceClient``.
        sampling_client: The class of sampling clients. None for that of the official SDK, below ROOT.
        training_client: The class of training clients. None for that of the official SDK, below ROOT.
        observers: Classes with a method ``on_queue_state_change``, beside both clients and
            ``ROOT.lib.queue_state_logger:QueueStateLogger``.
        telemetry: The class that sends telemetry. None for ``ROOT.lib.telemetry:Telemetry``.
        initialise: What happens before the first client: each item is a module to import, or a function to
            call without arguments, written ``package.module:function``.
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
        """Return the name of a module below the root package."""
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
    """What the official adapter is told of the SDK that it drives. The defaults are the official one.

    Attributes:
        name: The SDK's name in reports.
        package: The distribution whose version is reported.
        profile: The profile that the SDK aims at, or None for that of the version.
        names: Where its modules and classes are.
    """

    name: str = "tinker"
    package: str = "tinker"
    profile: str | None = None
    names: SdkNames = SdkNames()


class Installation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an environment for an SDK is built.

    Attributes:
        extras: Extras of the package whose requirements are installed too.
        leave_out: Required packages that are not installed.
        also: Requirements that are installed too: what the package imports without requiring it.
        pins: Exact versions, ``package==version``, of what is installed. They apply only to the version of
            the entry.
        substitutes: Modules that take the place of packages left out: the text of each file, by its path.
        wheel: A wheel to install instead of the registry's, relative to the file of the entry.
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
        name: Its name, as in ``package:NAME``.
        package: Its distribution on the registry.
        version: The version that the entry was written for, and that is judged unless another one is named.
        profile: The profile that it aims at.
        about: What it is, in one sentence.
        install: How its environment is built.
        names: Where its modules and classes are.
        hidden_variables: Beginnings of environment variables that its process does not see, because they
            change what it does.
        known_failures: Its known deviations, as in a file of known failures.
        source: Where the entry was read from, for messages.
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
        """What the official adapter is told."""
        return DrivenSdk(name=self.name, package=self.package, profile=self.profile, names=self.names)


@dataclass(frozen=True, slots=True)
class NamedPackage:
    """The SDK that a SPEC `package:…` names.

    Attributes:
        entry: Its entry of the catalogue.
        version: The version to judge.
    """

    entry: CatalogueEntry
    version: str

    @property
    def is_pinned(self) -> bool:
        """Whether the entry was written for this version, so that its pins apply."""
        return self.version == self.entry.version
