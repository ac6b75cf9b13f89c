#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shell completion for sunpath, made from what its subcommands say with --help: there is no second
list of options that could differ from the first.

Usage: completion.py bash|zsh SUNPATH TARGETS_LIST FILE
  SUNPATH        the command as it was built
  TARGETS_LIST   fuzz/targets.list
  FILE           what is written

What the help must keep to, so that it is understood here:
  - an option begins with two hyphens; what it wants stands behind one blank or a "=", in capitals,
    or as the words themselves with "|" between them, or as argparse does in braces
  - FILE and PATH are names of files, FOLDER, DIR and OUT those of folders; TARGET is a fuzz target,
    and so is what --target wants
  - a word in small letters behind "usage: sunpath NAME" is one that can be typed there

Tests: tests/cli/test_completion.py
"""

import dataclasses
import pathlib
import re
import subprocess
import sys

KINDS = {"FILE": "files", "PATH": "files", "FOLDER": "folders", "DIR": "folders", "OUT": "folders",
         "TARGET": "targets"}
DESCRIPTION_MAX = 70

# --option, --option VALUE, --option[=value]; in a list like UID[:GID,...] the first name is enough.
_OPTION = re.compile(r"(?<![\w-])(?P<name>--[a-z][\w-]*)"
                     r"(?:(?P<how>\[?=| )(?P<value>\{[^}]+\}|[A-Z]+(?:\|[A-Z]+)*|[a-z]+(?:\|[a-z]+)+"
                     r"|(?<==)[a-z]+)(?![a-z]))?")


@dataclasses.dataclass
class Option:
    name: str
    takes: bool = False         # a value
    within: bool = False        # the value can only stand behind "=", and may be left out
    wants: str = ""             # "files", "folders", "targets", or nothing that is known
    words: tuple = ()           # the values, where they are known
    value: str = ""             # what the help calls it
    about: str = ""


@dataclasses.dataclass
class Subcommand:
    name: str
    about: str
    options: list
    words: list
    wants: set


def ask(sunpath, *arguments):
    return subprocess.run([sunpath, *arguments], check=True, text=True, stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL).stdout


def read_option(match):
    name, value = match["name"], match["value"] or ""
    words = tuple(re.split(r"[|,]", value.strip("{}"))) if value and not value.isupper() else ()
    if "|" in value and not words:
        words, value = (), value.split("|")[0]
    wants = "targets" if name == "--target" else KINDS.get(value, "")
    return Option(name, bool(value), match["how"] == "[=", wants, words, value.strip("{}"))


def description(text):
    """The beginning of what is said of an option, as one line."""
    begin = re.split(r"[;:(]|\. ", " ".join(text.split()), maxsplit=1)[0].strip(" .,")
    return begin if len(begin) <= DESCRIPTION_MAX else begin[:DESCRIPTION_MAX].rpartition(" ")[0]


def read_help(name, about, text):
    """A Subcommand from its help."""
    usage, _, rest = text.partition("\n\n")
    options = {}
    for match in _OPTION.finditer(usage):
        options.setdefault(match["name"], read_option(match))
    # An entry is a line that begins with an option, and what is indented more below it.
    entries = re.finditer(r"^( +)-[^\n]*(?:\n\1 [^\n]*)*", rest, re.MULTILINE)
    for entry in entries:
        head = re.match(r" *(?:-\w, )?", entry[0]).end()
        said = []
        while match := _OPTION.match(entry[0], head):
            said.append(read_option(match))
            head = match.end() + len(re.match(r",? ?(?=--)|", entry[0][match.end():])[0])
        for option in said:
            option.about = description(re.sub(r"^\S*", "", entry[0][head:]))
            options[option.name] = option
    plain = re.sub(r"usage:|\bsunpath " + name, " ", _OPTION.sub(" ", usage))
    wants = {KINDS[word] for word in re.findall(r"[A-Z]+", plain) if word in KINDS}
    wants -= {"folders"} if "files" in wants else set()  # on the way to a file is a folder
    words = dict.fromkeys(re.findall(r"(?<![\w-])[a-z]{2,}(?![\w-])", plain))
    options.setdefault("--help", Option("--help", about="show what there is"))
    return Subcommand(name, about, list(options.values()), list(words), wants)


def read_all(sunpath):
    listed = re.findall(r"^  ([a-z]+) +(.+)$", ask(sunpath, "--help"), re.MULTILINE)
    return [read_help(name, about, ask(sunpath, "help", name)) for name, about in listed]


BASH = """\
# bash completion for sunpath. Made by cli/completion.py from the help of its subcommands.

# _sunpath_arguments SUBCOMMAND OPTION: sets @words and @wants to what may stand behind the option;
# without one, or behind one that wants nothing, to what may stand anywhere.
_sunpath_arguments()
{
    case "$1 $2" in
@CASES@
    esac
}

_sunpath()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words='' wants=''
    local targets='@TARGETS@'

    COMPREPLY=()
    # bash takes --option=value apart: three words.
    if [[ $word == = ]]; then
        word='' before+='='
    elif [[ $before == = && COMP_CWORD -gt 2 ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}=
    fi
    if [[ COMP_CWORD -eq 1 ]]; then
        words='@NAMES@ help --help --version'
    elif [[ ${COMP_WORDS[1]} == help ]]; then
        [[ COMP_CWORD -eq 2 ]] && words='@NAMES@'
    else
        _sunpath_arguments "${COMP_WORDS[1]}" "$before"
    fi
    [[ $wants == *targets* ]] && words+=" $targets"
    # Options are offered when one is begun; they would hide what is looked for more often.
    local hidden=''
    [[ $word != -* && COMP_CWORD -gt 1 ]] && hidden='-*'
    mapfile -t COMPREPLY < <(compgen -W "$words" -X "$hidden" -- "$word")
    if [[ $wants == *files* || $wants == *folders* ]]; then
        local kind=-d
        [[ $wants == *files* ]] && kind=-f
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$kind" -- "$word")
        compopt -o filenames 2>/dev/null
    fi
}
complete -F _sunpath sunpath
"""


def bash_cases(subcommand):
    """The rows of _sunpath_arguments() for one subcommand."""
    def row(pattern, words, wants):
        return f"    {pattern}) words='{' '.join(words)}' wants='{' '.join(sorted(wants))}' ;;"
    for option in subcommand.options:
        forms = [f"'{subcommand.name} {option.name}'"] if option.takes and not option.within else []
        if option.takes:
            forms.append(f"'{subcommand.name} {option.name}='")
            yield row(" | ".join(forms), option.words, [option.wants] if option.wants else [])
    anywhere = [*subcommand.words, *(option.name for option in subcommand.options)]
    yield row(f"'{subcommand.name} '*", anywhere, subcommand.wants)


ZSH = """\
#compdef sunpath
# zsh completion for sunpath. Made by cli/completion.py from the help of its subcommands.

_sunpath_targets()
{
    local -a targets=(@TARGETS@)
    compadd "$@" -a targets
}

_sunpath_subcommands()
{
    local -a subcommands=(
@SUBCOMMANDS@
    )
    _describe subcommand subcommands
}

_sunpath()
{
    local context state state_descr line curcontext=$curcontext
    typeset -A opt_args

    _arguments -C '(- *)--help[show what there is]' '(- *)--version[print the version]' \\
        '1:subcommand:_sunpath_subcommands' '*::argument:->rest' && return
    [[ $state == rest ]] || return 1
    case $words[1] in
    help) _arguments '1:subcommand:_sunpath_subcommands' ;;
@CASES@
    esac
}

_sunpath "$@"
"""

ZSH_ACTIONS = {"files": "_files", "folders": "_files -/", "targets": "_sunpath_targets", "": " "}


def zsh_text(text):
    """Escaped for a specification of _arguments in single quotes."""
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh_option(option):
    about = f"[{zsh_text(option.about)}]" if option.about else ""
    if not option.takes:
        return f"'{option.name}{about}'"
    action = f"({' '.join(option.words)})" if option.words else ZSH_ACTIONS[option.wants]
    if option.within:
        return f"'{option.name}=-{about}::{zsh_text(option.value)}:{action}'"
    return f"'{option.name}={about}:{zsh_text(option.value)}:{action}'"


def zsh_case(subcommand):
    parts = [zsh_option(option) for option in subcommand.options]
    if subcommand.words:
        parts.append(f"'1:what:({' '.join(subcommand.words)})'")
    kinds = sorted(subcommand.wants)
    if len(kinds) == 1:
        parts.append(f"'*:{kinds[0]}:{ZSH_ACTIONS[kinds[0]]}'")
    elif kinds:
        ways = " ".join(f'"{kind}:{kind}:{ZSH_ACTIONS[kind]}"' for kind in kinds)
        parts.append(f"'*:input:_alternative {ways}'")
    return f"    {subcommand.name})\n        _arguments " + " \\\n            ".join(parts) + "\n        ;;"


def write_bash(subcommands, targets):
    cases = "\n".join(row for subcommand in subcommands for row in bash_cases(subcommand))
    return (BASH.replace("@CASES@", cases).replace("@TARGETS@", " ".join(targets))
            .replace("@NAMES@", " ".join(subcommand.name for subcommand in subcommands)))


def write_zsh(subcommands, targets):
    names = "\n".join(f"        '{subcommand.name}:{zsh_text(subcommand.about)}'"
                      for subcommand in subcommands)
    cases = "\n".join(map(zsh_case, subcommands))
    return (ZSH.replace("@CASES@", cases).replace("@TARGETS@", " ".join(targets))
            .replace("@SUBCOMMANDS@", names))


def main(shell, sunpath, targets_list, file):
    lines = pathlib.Path(targets_list).read_text(encoding="utf-8").splitlines()
    targets = [line.split("|")[0].strip() for line in lines if line.strip() and line[0] != "#"]
    text = {"bash": write_bash, "zsh": write_zsh}[shell](read_all(sunpath), targets)
    pathlib.Path(file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] not in ("bash", "zsh"):
        sys.exit("usage: completion.py bash|zsh SUNPATH TARGETS_LIST FILE")
    main(*sys.argv[1:])
