# SPDX-License-Identifier: Apache-2.0
# Fills in what a document says of verbs, options and keys from the tables of the programs, as
# eunomiactl_manual and eunomiad_manual print them:
#   awk -f expand.awk -v mode=man|document -v root=FOLDER [-v verb=VERB] TABLES [FILE]
#
# A block between "<!-- begin WHAT [OF] -->" and "<!-- end -->" is made anew: lists of definitions
# for a manual page, tables for a document that stays as it is otherwise. Only in manual pages:
#   <!-- include FILE [HEADING] -->   a document without its title, or one section of it
# With verb=VERB, the page of that verb is written; FILE, if there is one, holds its prose:
# paragraphs for DESCRIPTION, then sections that follow OPTIONS.

BEGIN {
	FS = "\t"
	is_verb_page = verb != ""
}

# --- tables ---

# The first file.
NR == FNR && $1 == "verb" {
	verbs[++n_verbs] = $2
	synopsis[$2] = $3
	help[$2] = $4
	forms[$2] = $5
	form[$2] = $6
}
NR == FNR && $1 == "option" { add_option($2, "--" $3, $4, $5, $6) }
NR == FNR && $1 == "agent-option" { add_option("eunomiad", $2, "", $3, $4) }
NR == FNR && $1 == "key" {
	keys[++n_keys] = $3
	section[$3] = $2
	fallback[$3] = $4
	range[$3] = $5
	when[$3] = $6
	key_help[$3] = $7
}
NR == FNR { next }

function add_option(of, name, letter, argument, text,   i)
{
	i = ++n_options[of]
	option[of, i] = name
	option_letter[of, i] = letter == "" ? "" : "-" letter
	option_argument[of, i] = argument
	option_help[of, i] = text
}

# --- pieces of Markdown ---

# Text from a table that is no Markdown.
function plain(text)
{
	gsub(/[\\`*[|]/, "\\\\&", text)
	return text
}

# "**-n**, **--name** *NAME*", for a document "`-n`, `--name NAME`".
function option_term(of, i,   name, letter, argument)
{
	name = option[of, i]
	letter = option_letter[of, i]
	argument = option_argument[of, i]
	if (mode == "document") {
		gsub(/\|/, "\\|", argument)
		return (letter == "" ? "" : "`" letter "`, ") \
			"`" name (argument == "" ? "" : " " argument) "`"
	}
	return (letter == "" ? "" : "**" letter "**, ") "**" name "**" \
		(argument == "" ? "" : " *" plain(argument) "*")
}

# A synopsis "NAME [SOURCE] [-- ARGS]": what is to be replaced is in capitals.
function arguments(text,   out)
{
	while (match(text, /[A-Z][A-Z]+(-[A-Z]+)*/)) {
		out = out plain(substr(text, 1, RSTART - 1)) \
			"*" substr(text, RSTART, RLENGTH) "*"
		text = substr(text, RSTART + RLENGTH)
	}
	return out plain(text)
}

function define(term, meaning)
{
	print term "\n: " meaning "\n"
}

# --- blocks ---

function put_verbs(   i, name)
{
	if (mode == "document")
		print "| verb | does |\n|---|---|"
	for (i = 1; i <= n_verbs; i++) {
		name = verbs[i]
		if (mode == "document")
			print "| `" name code_arguments(synopsis[name]) "` | " plain(help[name]) " |"
		else
			define("**" name "** " arguments(synopsis[name]), plain(help[name]))
	}
}

function code_arguments(text)
{
	gsub(/\|/, "\\|", text)
	return text == "" ? "" : " " text
}

# The options of a verb, of eunomiad, or with "-" those that stand before a verb.
function put_options(of,   i)
{
	if (mode == "document")
		print "| option | meaning |\n|---|---|"
	for (i = 1; i <= n_options[of]; i++)
		if (mode == "document")
			print "| " option_term(of, i) " | " plain(option_help[of, i]) " |"
		else
			define(option_term(of, i), plain(option_help[of, i]))
}

# Every option of any verb once, with the verbs that have it in the same meaning.
function put_all_options(   v, i, of, row, n, rows, of_row, count)
{
	for (v = 1; v <= n_verbs; v++) {
		of = verbs[v]
		for (i = 1; i <= n_options[of]; i++) {
			row = option_term(of, i) SUBSEP plain(option_help[of, i])
			if (!(row in of_row))
				rows[++n] = row
			of_row[row] = of_row[row] (of_row[row] == "" ? "" : ", ") "`" of "`"
			count[row]++
		}
	}
	print "| option | of | meaning |\n|---|---|---|"
	for (i = 1; i <= n; i++) {
		row = rows[i]
		if (count[row] == n_verbs)
			of_row[row] = "all"
		else if (count[row] > 6)
			of_row[row] = "most verbs"
		split(row, part, SUBSEP)
		print "| " part[1] " | " of_row[row] " | " part[2] " |"
	}
}

function put_keys(of,   i, name, value)
{
	if (mode == "document")
		print "| key | default | takes effect | takes | what it is |\n|---|---|---|---|---|"
	for (i = 1; i <= n_keys; i++) {
		name = keys[i]
		if (section[name] != of)
			continue
		value = fallback[name]
		if (mode == "document") {
			# A document speaks of the usual prefix.
			if (prefix != "" && index(value, prefix "/") == 1)
				value = "/usr" substr(value, length(prefix) + 1)
			print "| `" name "=` | `" value "` | " when[name] " | " range[name] " | " \
				key_help[name] " |"
		} else {
			define("**" name "=**", key_help[name] ". Takes " range[name] "; default: **" \
				value "**; a change takes effect at a " when[name] ".")
		}
	}
}

function put_block(what, of)
{
	if (what == "verbs")
		put_verbs()
	else if (what == "options" && of == "")
		put_all_options()
	else if (what == "options")
		put_options(of)
	else if (what == "keys")
		put_keys(of)
	else if (what == "functions")
		put_functions(of)
	else if (what == "pages")
		put_pages()
	else
		fail("there is no block '" what "'")
}

# The declarations of functions in a header, folded anew for a narrow page.
function put_functions(path,   line, text, got)
{
	print "```\n#include <" path ">\n"
	path = root "/lib/include/" path
	while ((got = (getline line < path)) > 0) {
		if (text == "" && line !~ /^EUN_PUBLIC /)
			continue
		sub(/^EUN_PUBLIC /, "", line)
		sub(/^[ \t]+/, "", line)
		sub(/ EUN_PRINTF\([^)]*\)/, "", line)
		text = text (text == "" || text ~ /\($/ ? "" : " ") line
		if (text ~ /;$/) {
			put_folded(text)
			text = ""
		}
	}
	close(path)
	if (got < 0)
		fail("cannot read " path)
	print "```\n"
}

function put_folded(text,   at, indent)
{
	while (length(indent text) > 72 && text ~ /, |\(/) {
		for (at = 72 - length(indent); at > 0 && substr(text, at, 2) != ", "; at--)
			;
		if (at == 0)
			at = index(text, "(")
		print indent substr(text, 1, at)
		text = substr(text, at + 1)
		sub(/^ /, "", text)
		indent = "        "
	}
	print indent text
}

# References to the pages of all verbs.
function put_pages(   i)
{
	for (i = 1; i <= n_verbs; i++)
		printf "**eunomiactl-%s**(1)%s\n", verbs[i], i < n_verbs ? "," : ""
}

# --- other files ---

function fail(text)
{
	print FILENAME ": " text > "/dev/stderr"
	exit_status = 1
	exit 1
}

# Lines of @path: all but its title, or the section under @title, which loses its level.
function include(path, title,   line, level, depth, is_inside, in_fence, got)
{
	is_inside = title == ""
	path = root "/" path
	while ((got = (getline line < path)) > 0) {
		if (line ~ /^```/)
			in_fence = !in_fence
		level = !in_fence && match(line, /^#+ /) ? RLENGTH - 1 : 0
		if (level > 0 && title != "" && substr(line, level + 2) == title) {
			is_inside = 1
			depth = level
			continue
		}
		if (level > 0 && level <= depth)
			is_inside = 0
		if (!is_inside || level == 1)
			continue
		take(level > 0 && depth > 0 ? substr(line, depth) : line)
	}
	close(path)
	if (got < 0)
		fail("cannot read " path)
	if (title != "" && !depth)
		fail(path " has no section '" title "'")
}

# --- lines ---

function take(line,   word, n)
{
	if (line == "<!-- end -->") {
		in_block = 0
		if (mode == "document")
			print line
		return
	}
	if (in_block)
		return
	n = line ~ /^<!-- .* -->$/ ? split(line, word, " ") : 0
	if (n >= 4 && word[2] == "begin") {
		if (mode == "document")
			print line
		put_block(word[3], word[4] == "-->" ? "" : word[4])
		in_block = 1
	} else if (n >= 4 && word[2] == "include") {
		sub(/^<!-- include [^ ]+ ?/, "", line)
		sub(/ ?-->$/, "", line)
		include(word[3], line)
	} else {
		print line
	}
}

is_verb_page {
	prose[++n_prose] = $0
	next
}
{ take($0) }

function put_verb_page(name,   i)
{
	print "# NAME\n\neunomiactl-" name " - " help[name] "\n"
	print "# SYNOPSIS\n\n**eunomiactl " name "** \\[*OPTIONS*\\] " arguments(synopsis[name]) "\n"
	print "# DESCRIPTION\n"
	for (i = 1; i <= n_prose && prose[i] !~ /^# /; i++)
		take(prose[i])
	if (n_prose == 0)
		print toupper(substr(help[name], 1, 1)) substr(help[name], 2) "."
	if (synopsis[name] ~ /SOURCE/)
		print "\n*SOURCE* is a package or BPF object file, `-` for standard input, an http(s) URL,\n" \
			"a package given literally as JSON, or the name of an installed tracker; see\n" \
			"**eunomiactl**(1)."
	print "\n# OPTIONS\n"
	put_options(name)
	if (forms[name] != "")
		print "Forms of output: **" plain(forms[name]) "**" \
			(form[name] == "none" ? "" : "; without **-o**: **" form[name] "**") \
			". **eunomiactl**(1) explains them.\n"
	for (; i <= n_prose; i++)
		take(prose[i])
	print "\n# EXIT STATUS\n\n0 done, 1 failed, 2 usage, 3 no such slot or not running, 4 agent not\n" \
		"reachable, 5 permission; see **eunomiactl**(1).\n"
	print "# SEE ALSO\n\n**eunomiactl**(1), **eunomiad**(8)"
}

END {
	if (exit_status)
		exit exit_status
	if (in_block)
		fail("a block has no end")
	if (is_verb_page)
		put_verb_page(verb)
}
