/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells are kept as text until the table is written, because only then is the width of each column
 * known. A table owns its cells. Widths are counted in characters of UTF-8; control characters
 * cannot occur, since table_add() escapes them. Wide (CJK) characters are counted as one column: a
 * line that is a little too long does no harm.
 */
#include "table.h"

#include "base/clock.h"
#include "base/str.h"

#include <assert.h>
#include <stdio.h>

#define GAP	 2 /* blanks between columns */
#define TEXT_MIN 8 /* text is not cut below this many characters */

void table_init(struct table *table, const struct table_column *columns, size_t n_columns)
{
	assert(n_columns > 0 && n_columns <= TABLE_COLUMNS_MAX);
	*table = (struct table){ .columns = columns, .n_columns = n_columns };
}

void table_done(struct table *table)
{
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){ 0 };
}

/* Takes the contents of @text as the next cell. */
static void add_cell(struct table *table, struct eub_buf *text)
{
	char *cell = eub_buf_take_string(text);

	if (cell && table->n_cells == table->cells_cap) {
		size_t cap = EUB_MAX(table->cells_cap * 2, (size_t)64);
		char **cells = reallocarray(table->cells, cap, sizeof(*cells));

		if (cells) {
			table->cells = cells;
			table->cells_cap = cap;
		}
	}
	if (!cell || table->n_cells == table->cells_cap) {
		free(cell);
		table->has_failed = true;
		return;
	}
	table->cells[table->n_cells++] = cell;
}

void table_add(struct table *table, const char *text)
{
	struct eub_buf buf = EUB_BUF_INIT;

	eub_append_printable(&buf, text, strlen(text));
	add_cell(table, &buf);
}

void table_add_buf(struct table *table, struct eub_buf *text)
{
	struct eub_buf buf = EUB_BUF_INIT;

	eub_append_printable(&buf, text->data ? text->data : "", text->len);
	buf.has_failed = buf.has_failed || text->has_failed;
	eub_buf_done(text);
	add_cell(table, &buf);
}

void table_add_u64(struct table *table, uint64_t value)
{
	struct eub_buf buf = EUB_BUF_INIT;

	eub_buf_append_u64(&buf, value);
	add_cell(table, &buf);
}

void table_add_rate(struct table *table, double per_second)
{
	struct eub_buf buf = EUB_BUF_INIT;

	/* Written so that NaN falls into the last branch. */
	if (per_second > 0.0 && per_second < 10.0)
		eub_buf_printf(&buf, "%.1f", per_second);
	else if (per_second >= 10.0 && per_second < 1e18)
		eub_buf_append_u64(&buf, (uint64_t)(per_second + 0.5));
	else
		eub_buf_append_char(&buf, '0');
	add_cell(table, &buf);
}

void table_add_time(struct table *table, uint64_t wall_ns)
{
	struct eub_buf buf = EUB_BUF_INIT;

	eub_append_rfc3339(&buf, wall_ns);
	add_cell(table, &buf);
}

void table_add_duration(struct table *table, uint64_t ns)
{
	static const struct {
		unsigned long long major_s;
		unsigned long long minor_s;
		char major;
		char minor;
		int minor_digits;
	} forms[] = {
		{ 86400, 3600, 'd', 'h', 1 },
		{ 3600, 60, 'h', 'm', 2 },
		{ 60, 1, 'm', 's', 2 },
	};
	struct eub_buf buf = EUB_BUF_INIT;
	unsigned long long s = ns / 1000000000u;
	size_t i = 0;

	while (i < EUB_ARRAY_SIZE(forms) && s < forms[i].major_s)
		i++;
	if (i < EUB_ARRAY_SIZE(forms))
		eub_buf_printf(&buf, "%llu%c%0*llu%c", s / forms[i].major_s, forms[i].major,
			       forms[i].minor_digits, s % forms[i].major_s / forms[i].minor_s,
			       forms[i].minor);
	else
		eub_buf_printf(&buf, "%llus", s);
	add_cell(table, &buf);
}

void table_humanise(uint64_t value, char ret_text[static TABLE_HUMAN_MAX])
{
	static const char units[] = "kMGTPE";
	uint64_t unit = 1;
	size_t i = 0;

	if (value < 10000) {
		(void)snprintf(ret_text, TABLE_HUMAN_MAX, "%u", (unsigned int)value);
		return;
	}
	for (unit = 1000; value / unit >= 1000 && i + 1 < sizeof(units) - 1; unit *= 1000)
		i++;
	if (value / unit < 10)
		(void)snprintf(ret_text, TABLE_HUMAN_MAX, "%u.%u%c", (unsigned int)(value / unit),
			       (unsigned int)(value % unit / (unit / 10)), units[i]);
	else
		(void)snprintf(ret_text, TABLE_HUMAN_MAX, "%u%c", (unsigned int)(value / unit),
			       units[i]);
}

/* Characters of UTF-8; cells hold nothing else. */
static size_t count_chars(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* Bytes of the first @n characters of @s. */
static size_t prefix_bytes(const char *s, size_t n)
{
	size_t i = 0;

	while (s[i] && (n > 0 || (s[i] & 0xc0) == 0x80)) {
		n -= (s[i] & 0xc0) != 0x80;
		i++;
	}
	return i;
}

/* The text that stands in a cell: the cell itself, or its short form in @human. */
static const char *cell_text(const struct table *table, size_t i, bool is_human, char *human)
{
	uint64_t value;

	if (!is_human || table->columns[i % table->n_columns].kind != TABLE_NUMBER ||
	    eub_parse_u64(table->cells[i], &value) < 0)
		return table->cells[i];
	table_humanise(value, human);
	return human;
}

/* Returns the width of a line. */
static size_t measure(const struct table *table, bool is_human, unsigned int flags, size_t *widths)
{
	char human[TABLE_HUMAN_MAX];
	size_t sum = 0;

	for (size_t c = 0; c < table->n_columns; c++)
		widths[c] = flags & TABLE_NO_HEADERS ? 0 : count_chars(table->columns[c].title);
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t n = count_chars(cell_text(table, i, is_human, human));

		widths[i % table->n_columns] = EUB_MAX(widths[i % table->n_columns], n);
	}
	for (size_t c = 0; c < table->n_columns; c++)
		sum += widths[c] + (c > 0 ? GAP : 0);
	return sum;
}

/* Takes characters from the widest text columns until lines of @sum characters fit @width. */
static void shrink(const struct table *table, size_t *widths, size_t sum, size_t width)
{
	for (; sum > width; sum--) {
		size_t widest = table->n_columns;

		for (size_t c = 0; c < table->n_columns; c++)
			if (table->columns[c].kind == TABLE_TEXT && widths[c] > TEXT_MIN &&
			    (widest == table->n_columns || widths[c] > widths[widest]))
				widest = c;
		if (widest == table->n_columns)
			return;
		widths[widest]--;
	}
}

static void write_cell(const struct table *table, struct eub_buf *out, size_t column,
		       const char *text, size_t width)
{
	size_t n = count_chars(text);
	bool is_last = column + 1 == table->n_columns;

	if (table->columns[column].kind == TABLE_NUMBER)
		eub_buf_fill(out, ' ', width > n ? width - n : 0);
	if (n > width) {
		eub_buf_append(out, text, prefix_bytes(text, width - 1));
		eub_buf_append_str(out, "…");
	} else {
		eub_buf_append_str(out, text);
	}
	if (!is_last && table->columns[column].kind != TABLE_NUMBER)
		eub_buf_fill(out, ' ', width > n ? width - n : 0);
	if (!is_last) {
		eub_buf_fill(out, ' ', GAP);
		return;
	}
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->len--;
	eub_buf_append_char(out, '\n');
}

int table_write(struct table *table, struct eub_buf *out, unsigned int width, unsigned int flags)
{
	size_t widths[TABLE_COLUMNS_MAX];
	char human[TABLE_HUMAN_MAX];
	size_t sum;
	bool is_human;

	assert(table->n_columns > 0);
	if (table->has_failed)
		return -ENOMEM;
	sum = measure(table, false, flags, widths);
	is_human = sum > width;
	if (is_human)
		sum = measure(table, true, flags, widths);
	if (flags & TABLE_CUT_TEXT)
		shrink(table, widths, sum, width);
	if (!(flags & TABLE_NO_HEADERS))
		for (size_t c = 0; c < table->n_columns; c++)
			write_cell(table, out, c, table->columns[c].title, widths[c]);
	for (size_t i = 0; i < table->n_cells; i++)
		write_cell(table, out, i % table->n_columns, cell_text(table, i, is_human, human),
			   widths[i % table->n_columns]);
	return out->has_failed ? -ENOMEM : 0;
}
