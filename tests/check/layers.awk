# SPDX-License-Identifier: Apache-2.0
# Reads layers.txt, then the sources; prints each breach as FILE:LINE: what. See layers.sh.

function matches_any(path, patterns,    list, n, i)
{
	n = split(patterns, list, " ")
	for (i = 1; i <= n; i++)
		if (path ~ list[i])
			return 1
	return 0
}

function breach(text)
{
	print FILENAME ":" FNR ": " text
	n_breaches++
}

# The row of the longest path that the file lies under.
function room_of(file,    room, best)
{
	best = ""
	for (room in allowed)
		if (index(file, room) == 1 && length(room) > length(best))
			best = room
	return best
}

# Where a header of the project lies, as a path from its root; "" if it is none of ours.
function resolve(name,    component, first)
{
	for (component in generated)
		if (name ~ component)
			return generated[component] "/" name
	if (name ~ /^eunomia\//)
		return "lib/include/" name
	first = name
	sub(/\/.*/, "", first)
	if (name ~ /\// && first in lib_rooms)
		return "lib/" name
	if (name ~ /^rpc\//)
		return "proto/" name
	component = FILENAME
	sub(/\/[^\/]*$/, "", component)
	for (; ; sub(/\/[^\/]*$/, "", component)) {
		if ((component "/" name) in exists)
			return component "/" name
		if (component !~ /\//)
			break
	}
	for (component in also)
		if (index(FILENAME, component) == 1 && ((also[component] "/" name) in exists))
			return also[component] "/" name
	return name ~ /\.def$/ && ("proto/" name) in exists ? "proto/" name : ""
}

function is_allowed(room, header,    list, n, i)
{
	n = split(allowed[room], list, " ")
	for (i = 1; i <= n; i++)
		if (index(header, list[i]) == 1)
			return 1
	return 0
}

function check_doors(name,    door)
{
	for (door in door_headers)
		if (name ~ door_headers[door] && !matches_any(FILENAME, door_files[door]))
			breach("<" name "> belongs behind the door of " door " (" door_files[door] ")")
}

function check_apart(name,    i)
{
	for (i = 1; i <= n_apart; i++) {
		if (matches_any(FILENAME, apart_files[i]))
			continue
		if (name ~ apart_a[i])
			saw_a[i] = 1
		if (name ~ apart_b[i])
			saw_b[i] = 1
		if (saw_a[i] && saw_b[i] && !told[i]++)
			breach("engine and wire meet here; only " apart_files[i] " may")
	}
}

FILENAME == table && /^(#|$)/ { next }
FILENAME == table {
	rest = ""
	for (i = 3; i <= NF; i++)
		rest = rest " " $i
	if ($1 == "room")
		allowed[$2] = rest
	else if ($1 == "also")
		also[$2] = $3
	else if ($1 == "generated")
		generated[$2] = $3
	else if ($1 == "door") {
		door_headers[$2] = $3
		sub(/^ [^ ]+/, "", rest)
		door_files[$2] = rest
	} else if ($1 == "apart") {
		n_apart++
		apart_a[n_apart] = $2
		apart_b[n_apart] = $3
		sub(/^ [^ ]+/, "", rest)
		apart_files[n_apart] = rest
	} else {
		breach("no such row: " $1)
	}
	if ($1 == "room" && $2 ~ /^lib\//)
		lib_rooms[substr($2, 5)] = 1
	next
}
FILENAME == list { exists[$0] = 1; next }

FNR == 1 {
	room = room_of(FILENAME)
	if (room == "")
		breach("lies in no room of layers.txt")
	split("", saw_a)
	split("", saw_b)
	split("", told)
}
room == "" || !/^[ \t]*#[ \t]*include[ \t]*[<"]/ { next }
{
	is_quoted = $0 ~ /include[ \t]*"/
	name = $0
	sub(/^[ \t]*#[ \t]*include[ \t]*[<"]/, "", name)
	sub(/[>"].*/, "", name)
	if (name ~ /(^|\/)\.\.\//)
		breach("include by a path with ../: " name)
	check_doors(name)
	check_apart(name)
	header = resolve(name)
	if (header == "") {
		if (is_quoted)
			breach("\"" name "\" is no header of the project")
	} else if ((is_quoted || name ~ /^eunomia\//) && !is_allowed(room, header)) {
		breach(room " may not include " header)
	}
}
END { exit n_breaches > 0 }
