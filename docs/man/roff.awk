# SPDX-License-Identifier: Apache-2.0
# Makes a manual page, man(7), of the Markdown that our documents are written in:
#   awk -f roff.awk -v name=N -v section=S -v date=YYYY-MM-DD -v source=TEXT FILE
#
# It knows headings, paragraphs, lists of one level, tables, fenced code, `code`, **bold**, *italic*,
# [links](there), backslash escapes, HTML comments, and lists of definitions:
#   term
#   : what it means
#
# A general converter is not used: what the ones that Debian ships make of the same text differs
# between their versions, does not pass mandoc's lint, and does not keep the dashes of options apart
# from hyphens, which a terminal then shows as characters that no shell understands.

BEGIN {
	# Documents that are manual pages as well.
	page["configuration"] = "eunomiad.conf(5)"
	page["embedding"] = "libeunomia(3)"
	page["eunomiactl"] = "eunomiactl(1)"
	page["events"] = "eunomia-events(7)"
	page["package-format"] = "eunomia-package(5)"
	page["survival"] = "eunomia-survival(7)"
	page["trackers"] = "eunomia-trackers(7)"
	print "'\\\" t"
	print ".\\\" Made of the documents and tables of eunomia; do not edit."
	print ".ds AD l" # groff 1.23 adjusts by this string, anew after each heading
	printf ".TH %s %s %s \"%s\" \"eunomia manual\"\n", toupper(name), section, date, source
	print ".nh\n.ad l"
	follows_heading = 1
}

# Characters that troff would take for something else, or for typography.
function escape(text)
{
	gsub(/\\/, "\\e", text)
	gsub(/`/, "\\(ga", text)
	gsub(/\^/, "\\(ha", text)
	gsub(/~/, "\\(ti", text)
	gsub(/µ/, "\\(mc", text)
	gsub(/×/, "\\(mu", text)
	gsub(/→/, "\\(->", text)
	gsub(/≥/, "\\(>=", text)
	gsub(/≤/, "\\(<=", text)
	return text
}

# Text to be typed or read exactly as it is.
function literal(text)
{
	text = escape(text)
	gsub(/-/, "\\-", text)
	gsub(/'/, "\\(aq", text)
	return text
}

# The same within a paragraph: words are not hyphenated, and break after a comma if they must.
function word(text)
{
	text = literal(text)
	gsub(/,/, "&\\:", text)
	gsub(/[ \n]/, "&\\%", text)
	return "\\%" text
}

# Tables move the tab stops of the code that follows.
function detab(text)
{
	while (match(text, /\t/))
		text = substr(text, 1, RSTART - 1) \
			substr("        ", (RSTART - 1) % 8 + 1) substr(text, RSTART + 1)
	return text
}

# A path of our documents stands for the page that is made of it.
function code(text,   document)
{
	if (text ~ /^docs\/[a-z-]+\.md$/) {
		document = substr(text, 6, length(text) - 8)
		if (document in page)
			return word(page[document])
	}
	return "\\fB" word(text) "\\fR"
}

function link(text, url)
{
	return url ~ /^https?:/ ? inline(text) " \\%(" substr(word(url), 3) ")" : inline(text)
}

# The text between the marks that @text begins with, and in inline_rest what stands behind them;
# without an end the mark is a character like any other.
function enclosed(text, mark,   end)
{
	end = index(substr(text, length(mark) + 1), mark)
	if (end < 2)
		return ""
	inline_rest = substr(text, end + 2 * length(mark))
	return substr(text, length(mark) + 1, end - 1)
}

# Adds a span to a line. Within a word, "\%" would be a place to hyphenate.
function joined(out, span)
{
	if (out ~ /(^|[ \n])\($/)
		sub(/\($/, "\\%(", out)
	if (out != "" && out !~ /[ \n]$/)
		sub(/\\%/, "", span)
	return out span
}

function inline(text,   out, at, inner, first)
{
	while (match(text, /[\\`*[]/)) {
		out = out escape(substr(text, 1, RSTART - 1))
		text = substr(text, RSTART)
		first = substr(text, 1, 1)
		if (first == "\\" && text ~ /^\\[][\\`*_|<>#-]/) {
			out = out literal(substr(text, 2, 1))
			text = substr(text, 3)
		} else if (first == "`" && (inner = enclosed(text, "`")) != "") {
			text = inline_rest
			out = joined(out, code(inner))
		} else if (text ~ /^\*\*/ && (inner = enclosed(text, "**")) != "") {
			text = inline_rest
			out = joined(out, "\\fB" word(unescape(inner)) "\\fR")
		} else if (first == "*" && (inner = enclosed(text, "*")) != "") {
			text = inline_rest
			out = joined(out, "\\fI" word(unescape(inner)) "\\fR")
		} else if (match(text, /^\[[^]]*\]\([^)]*\)/)) {
			inner = substr(text, 2, index(text, "](") - 2)
			at = substr(text, length(inner) + 4, RLENGTH - length(inner) - 4)
			text = substr(text, RLENGTH + 1)
			out = out link(inner, at)
		} else {
			out = out escape(first)
			text = substr(text, 2)
		}
	}
	return out escape(text)
}

# What is one font already has no code within.
function unescape(text)
{
	gsub(/`/, "", text)
	gsub(/\\\\/, "\001", text)
	gsub(/\\/, "", text)
	gsub(/\001/, "\\", text)
	return text
}

# A line of text must not begin like a request.
function put(line)
{
	sub(/^[ \t]+/, "", line)
	sub(/^\\%[ \t]+/, "\\%", line)
	print (line ~ /^[.']/ ? "\\&" : "") line
}

function put_text(text,   n, i, lines)
{
	n = split(inline(text), lines, "\n")
	for (i = 1; i <= n; i++)
		put(lines[i])
}

function begin_paragraph()
{
	if (!follows_heading)
		print ".PP"
	follows_heading = 0
}

# Ends what the lines so far belong to.
function flush(   at)
{
	if (n_rows > 0)
		put_table()
	if (block == "")
		return
	at = index(block, "\n: ")
	if (kind == "item") {
		print ".IP " mark
		put_text(block)
	} else if (at > 0) {
		print ".TP"
		put_text(substr(block, 1, at - 1))
		put_text(substr(block, at + 3))
	} else if (heading == "NAME") {
		sub(/ - /, " \\- ", block)
		print block
	} else {
		begin_paragraph()
		put_text(block)
	}
	follows_heading = 0
	block = kind = ""
}

function put_heading(level, text)
{
	flush()
	gsub(/`/, "", text)
	if (level > 2) {
		begin_paragraph()
		print "\\fB" literal(text) "\\fR"
		print ".PP"
	} else {
		print (level == 1 ? ".SH " : ".SS ") escape(text)
	}
	if (level == 1)
		heading = text
	follows_heading = 1
}

# Two columns are a list of definitions, and so are more that are too wide to stand side by side.
function put_table(   column, row, n_filled)
{
	for (column = 1; column <= n_columns; column++) {
		is_filled[column] = 0
		for (row = 1; row <= n_rows; row++)
			if (length(cell[row, column]) > 32)
				is_filled[column] = 1
		n_filled += is_filled[column]
	}
	if (n_columns == 2 || n_filled > 2)
		put_definitions()
	else
		put_columns()
	n_rows = follows_heading = 0
}

function put_definitions(   row, column)
{
	for (row = 2; row <= n_rows; row++) {
		print ".TP"
		put_text(cell[row, 1])
		if (n_columns == 2)
			put_text(cell[row, 2] == "" ? "\\-" : cell[row, 2])
		for (column = 2; n_columns > 2 && column <= n_columns; column++)
			put_text("*" cell[1, column] "*: " cell[row, column] (column < n_columns ? ";" : ""))
	}
}

function put_columns(   column, row, layout, line)
{
	begin_paragraph()
	for (column = 1; column <= n_columns; column++)
		layout = layout (column > 1 ? " " : "") (is_filled[column] ? "lx" : "l")
	print ".ne 6v" # groff 1.22 warns where a page ends in a table's first rows
	print ".TS\ntab(\t);\n" layout "."
	for (row = 1; row <= n_rows; row++) {
		line = ""
		for (column = 1; column <= n_columns; column++)
			line = line (column > 1 ? "\t" : "") format_cell(row, column)
		print line
		if (row == 1)
			print "_"
	}
	print ".TE"
}

function format_cell(row, column,   text)
{
	text = inline(cell[row, column])
	if (row == 1 && text != "")
		text = "\\fB" text "\\fR"
	if (!is_filled[column] || text == "")
		return (text ~ /^[.']/ ? "\\&" : "") text
	return "T{\n" (text ~ /^[.']/ ? "\\&" : "") text "\nT}"
}

# A row "| a | b |"; "\|" is no border, also not within code.
function take_row(line,   n, i, cells)
{
	if (n_rows == 0)
		flush()
	gsub(/\\\|/, "\002", line)
	sub(/^\| */, "", line)
	sub(/ *\|$/, "", line)
	if (line ~ /^[-:| ]+$/)
		return
	n = split(line, cells, / *\| */)
	if (++n_rows == 1)
		n_columns = n
	for (i = 1; i <= n_columns; i++) {
		cell[n_rows, i] = i <= n ? cells[i] : ""
		gsub(/\002/, "|", cell[n_rows, i])
	}
}

/^```/ {
	flush()
	if (in_code) {
		print ".EE\n.RE"
	} else {
		begin_paragraph()
		print ".RS 4\n.EX"
	}
	in_code = !in_code
	next
}
in_code {
	line = literal(detab($0))
	print (line ~ /^[.']/ || line ~ /^\\\(aq/ ? "\\&" : "") line
	next
}
/^<!--.*-->$/ { next }
/^#+ / {
	match($0, /^#+/)
	put_heading(RLENGTH, substr($0, RLENGTH + 2))
	next
}
/^\|/ {
	take_row($0)
	next
}
/^[ \t]*$/ {
	flush()
	next
}
/^(-|[0-9]+\.) / {
	flush()
	kind = "item"
	mark = $1 == "-" ? "\\(bu 3" : $1 " 4"
	block = substr($0, length($1) + 2)
	next
}
{
	if (n_rows > 0)
		flush()
	block = block (block == "" ? "" : "\n") $0
}
END { flush() }
