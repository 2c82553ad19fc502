# SPDX-License-Identifier: Apache-2.0
"""Just enough of Swift's grammar to find functions: comments and strings are blanked, braces are matched."""
import re

DECLARATION = re.compile(
    r"\b(?:func\s+([^\s(<]+)|(init)[?!]?\s*[(<]|(deinit)\b|(subscript)\s*[(<]|(?:var|let)\s+(\w+))")


def blank(text):
    """The same text, as long and with the same lines, with comments and string contents turned into spaces."""
    out, at = [], 0
    while at < len(text):
        if text.startswith("//", at):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
        elif text.startswith("/*", at):
            end = end_of_comment(text, at)
        elif opening := re.compile(r'(#*)("""|")').match(text, at):
            end = end_of_string(text, opening)
        else:
            out.append(text[at])
            at += 1
            continue
        out.append("".join("\n" if c == "\n" else " " for c in text[at:end]))
        at = end
    return "".join(out)


def end_of_comment(text, at):
    depth, here = 0, at
    while here < len(text):
        if text.startswith("/*", here):
            depth, here = depth + 1, here + 2
        elif text.startswith("*/", here):
            depth, here = depth - 1, here + 2
            if depth == 0:
                return here
        else:
            here += 1
    return len(text)


def end_of_string(text, opening):
    hashes, quotes = opening.groups()
    here, escape, closing = opening.end(), "\\" + hashes, quotes + hashes
    while here < len(text):
        if text.startswith(escape + "(", here):
            here = end_of_interpolation(text, here + len(escape) + 1)
        elif text.startswith(escape, here):
            here += len(escape) + 1
        elif text.startswith(closing, here):
            return here + len(closing)
        elif text[here] == "\n" and quotes == '"':
            return here                      # not closed: the compiler will say so
        else:
            here += 1
    return len(text)


def end_of_interpolation(text, here):
    depth = 1
    while here < len(text) and depth:
        opening = re.compile(r'(#*)("""|")').match(text, here)
        if opening:
            here = end_of_string(text, opening)
            continue
        depth += {"(": 1, ")": -1}.get(text[here], 0)
        here += 1
    return here


def functions(code):
    """(name, first line, last line) of each function, initializer, subscript and computed property of blanked code."""
    for found in DECLARATION.finditer(code):
        opening = body_of(code, found)
        if opening is not None:
            name = next(g for g in found.groups() if g)
            closing = closing_brace(code, opening)
            yield name, code.count("\n", 0, found.start()) + 1, code.count("\n", 0, closing) + 1


def body_of(code, found):
    """Where the body's brace is: past parameters, result and `where`; None for a declaration without a body."""
    here, depth = found.end(), 0
    if found.group(0).rstrip().endswith(("(", "<")):
        here -= 1
    is_property = found.group(5) is not None
    while here < len(code):
        letter = code[here]
        if letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
            if depth < 0:
                return None
        elif letter == "{" and depth == 0:
            return here
        elif depth == 0 and (letter in "};" or (is_property and letter == "=")):
            return None
        elif letter == "\n" and depth == 0 and ends_here(code, here, is_property):
            return None
        here += 1
    return None


def ends_here(code, newline, is_property):
    """Whether a declaration without a body ends at this line's end: the next line does not go on with it."""
    if is_property:
        return True
    following = code[newline + 1:newline + 400].lstrip()
    return not following.startswith(("{", "->", "throws", "async", "where", "rethrows", ")"))


def closing_brace(code, opening):
    depth = 0
    for here in range(opening, len(code)):
        depth += {"{": 1, "}": -1}.get(code[here], 0)
        if depth == 0:
            return here
    return len(code) - 1
