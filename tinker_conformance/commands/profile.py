"""`tinker-conformance profile`: shows the names and values of profiles, and how two of them differ."""

from __future__ import annotations

import shlex

import click

from fake_server.core.visible_text import visible_lines
from tinker_conformance.commands.guard import Listed
from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.profile.values import as_toml, values_of, written

_ABSENT = "(absent)"


class _ProfileGroup(Listed):
    """A command group whose error names the right command if a profile's name is in the place of one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments begin with.

        Raises:
            UsageError: The first argument is not a command.
        """
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.UsageError(
                f"{args[0]!r} is no command of profile, which has {', '.join(sorted(self.commands))}; to "
                f"see a profile, run: tinker-conformance profile show {shlex.quote(args[0])}",
                ctx,
            )
        return super().resolve_command(ctx, args)


@click.group(cls=_ProfileGroup)
def profile() -> None:
    """Show what a profile says: texts, delays, limits and choices."""


@profile.command("list")
def list_names() -> None:
    """Print the names of all profiles, the oldest official revision first."""
    for name in known_profiles():
        click.echo(name)


@profile.command()
@click.argument("name", metavar="NAME|FILE", required=False)
@click.option("--toml", is_flag=True, help="Print a file that --profile takes, to be changed.")
def show(name: str | None, *, toml: bool) -> None:
    """Print every value of a profile, one in a line."""
    if name is None:
        names = ", ".join(known_profiles())
        raise click.UsageError(f"profile show needs a profile; give a file, or one of {names}")
    loaded = load_profile(name)
    if toml:
        click.echo(as_toml(loaded), nl=False)
        return
    for path, value in values_of(loaded).items():
        click.echo(visible_lines(f"{path} = {written(value)}"))


@profile.command()
@click.argument("first", metavar="NAME|FILE")
@click.argument("second", metavar="NAME|FILE")
def diff(first: str, second: str) -> None:
    """Print the values in which two profiles differ, each from the FIRST profile and from the SECOND."""
    one, other = values_of(load_profile(first)), values_of(load_profile(second))
    differing = [path for path in dict.fromkeys([*one, *other]) if one.get(path) != other.get(path)]
    for path in differing:
        click.echo(path)
        for name, values in ((first, one), (second, other)):
            shown = written(values[path]) if path in values else _ABSENT
            click.echo(visible_lines(f"  {name}: {shown}"))
    click.echo(f"{len(differing)} of {len({*one, *other})} values differ")
