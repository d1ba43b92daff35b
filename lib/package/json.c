/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See json.h. A document is measured before jansson sees it: jansson recurses once per level and
 * allocates for every value, so depth and number of values are counted in one pass over the text.
 * The pass need not understand JSON: outside strings every value but the first follows one of
 * "[{,:", and what it misjudges is malformed and refused by jansson.
 */
#include "package/json.h"

#include "base/buf.h"
#include "base/error.h"
#include "package/base64.h"
#include "package/internal.h"
#include "package/limits.h"

#include <assert.h>
#include <stdio.h>

#define PATH_STEPS_MAX 16 /* deepest place that any generation looks at has 9 */

static const char *const type_names[] = {
	[JSON_OBJECT] = "an object",
	[JSON_ARRAY] = "an array",
	[JSON_STRING] = "a string",
	[JSON_INTEGER] = "a number",
	[JSON_REAL] = "a number with a fraction",
	[JSON_TRUE] = "a boolean",
	[JSON_FALSE] = "a boolean",
	[JSON_NULL] = "null",
};
static_assert(EUB_ARRAY_SIZE(type_names) == JSON_NULL + 1, "one name per JSON type");

static size_t skip_string(const char *text, size_t n, size_t i)
{
	for (i++; i < n && text[i] != '"'; i++)
		if (text[i] == '\\')
			i++;
	return i;
}

static int check_size(const char *text, size_t n, struct eun_error *err)
{
	size_t depth = 0;
	size_t n_values = 1;

	for (size_t i = 0; i < n; i++) {
		switch (text[i]) {
		case '"':
			i = skip_string(text, n, i);
			break;
		case '[':
		case '{':
			depth++;
			n_values++;
			break;
		case ']':
		case '}':
			depth -= depth > 0;
			break;
		case ',':
		case ':':
			n_values++;
			break;
		default:
			break;
		}
		if (depth > EUN__JSON_DEPTH_MAX)
			return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
					     "JSON is more than %d levels deep at offset %zu",
					     EUN__JSON_DEPTH_MAX, i);
		if (n_values > EUN__JSON_VALUES_MAX)
			return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
					     "JSON has more than %d values", EUN__JSON_VALUES_MAX);
	}
	return 0;
}

int eun__json_parse(const char *text, size_t n, json_t **ret_root, struct eun_error *err)
{
	json_error_t error;
	json_t *root;
	int r = check_size(text, n, err);

	if (r < 0)
		return r;
	root = json_loadb(text, n, 0, &error);
	/* Without memory for its first buffer jansson says nothing at all. */
	if (!root && (json_error_code(&error) == json_error_out_of_memory || !error.text[0]))
		return eub_error_no_memory(err);
	if (!root)
		return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
				     "JSON is malformed at line %d, column %d: %s", error.line,
				     error.column, error.text);
	*ret_root = root;
	return 0;
}

struct eun__json eun__json_member(const struct eun__json *object, const char *key)
{
	json_t *value = json_object_get(object->value, key);

	return (struct eun__json){ .value = json_is_null(value) ? NULL : value,
				   .parent = object,
				   .key = key };
}

struct eun__json eun__json_element(const struct eun__json *array, size_t i)
{
	json_t *value = json_array_get(array->value, i);

	return (struct eun__json){ .value = json_is_null(value) ? NULL : value,
				   .parent = array,
				   .index = i };
}

static void append_path(struct eub_buf *buf, const struct eun__json *at)
{
	const struct eun__json *steps[PATH_STEPS_MAX];
	size_t n = 0;

	for (; at->parent && n < PATH_STEPS_MAX; at = at->parent)
		steps[n++] = at;
	for (size_t i = n; i-- > 0;) {
		if (!steps[i]->key)
			eub_buf_printf(buf, "[%zu]", steps[i]->index);
		else
			eub_buf_printf(buf, "%s%s", i + 1 < n ? "." : "", steps[i]->key);
	}
}

int eun__json_context(const struct eun__json *at, int code, struct eun_error *err)
{
	char path[EUN_ERROR_SUBJECT_MAX] = "";
	struct eub_buf buf = EUB_BUF_FIXED(path, sizeof(path) - 1);

	append_path(&buf, at);
	if (path[0])
		eun_error_prefix(err, "%s", path);
	eun_error_set_subject(err, path[0] ? path : "package");
	return code;
}

int eun__json_error(const struct eun__json *at, int code, enum eun_reason reason,
		    struct eun_error *err, const char *format, ...)
{
	char message[EUN_ERROR_MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args); /* a long one may be cut */
	va_end(args);
	(void)eun_error_set(err, code, reason, "%s", message);
	return eun__json_context(at, code, err);
}

static int bad_value(const struct eun__json *at, struct eun_error *err, const char *expected)
{
	if (!at->value)
		return eun__json_error(at, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
				       "expected %s, found nothing", expected);
	return eun__json_error(at, -EINVAL, EUN_REASON_BAD_PACKAGE, err, "expected %s, found %s",
			       expected, type_names[json_typeof(at->value)]);
}

static int too_large(const struct eun__json *at, struct eun_error *err, const char *unit,
		     size_t found, size_t max)
{
	return eun__json_error(at, -E2BIG, EUN_REASON_TOO_LARGE, err,
			       "%zu%s is over the limit of %zu", found, unit, max);
}

int eun__json_require(const struct eun__json *at, json_type type, struct eun_error *err)
{
	if (!at->value || json_typeof(at->value) != type)
		return bad_value(at, err, type_names[type]);
	return 0;
}

int eun__json_allow(const struct eun__json *at, json_type type, struct eun_error *err)
{
	return at->value ? eun__json_require(at, type, err) : 0;
}

static int copy(const struct eun__json *at, struct eun_package *package, const char *s, size_t n,
		const char **ret_string, struct eun_error *err)
{
	const char *string;

	if (n > EUN__STRING_MAX)
		return too_large(at, err, " bytes", n, EUN__STRING_MAX);
	string = eun__package_copy(package, s, n);
	if (!string)
		return eub_error_no_memory(err);
	*ret_string = string;
	return 0;
}

int eun__json_string(const struct eun__json *at, struct eun_package *package,
		     const char **ret_string, struct eun_error *err)
{
	if (!at->value)
		return 0;
	if (!json_is_string(at->value))
		return bad_value(at, err, "a string");
	return copy(at, package, json_string_value(at->value), json_string_length(at->value),
		    ret_string, err);
}

int eun__json_name(const struct eun__json *at, struct eun_package *package, const char **ret_string,
		   struct eun_error *err)
{
	if (!json_is_string(at->value))
		return bad_value(at, err, "a string");
	if (json_string_length(at->value) == 0)
		return eun__json_error(at, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
				       "expected a name, found an empty string");
	return eun__json_string(at, package, ret_string, err);
}

int eun__json_u32(const struct eun__json *at, uint32_t max, uint32_t *ret_value,
		  struct eun_error *err)
{
	json_int_t value = json_integer_value(at->value);

	if (!at->value)
		return 0;
	if (!json_is_integer(at->value))
		return bad_value(at, err, "a whole number");
	if (value < 0)
		return eun__json_error(
		    at, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
		    "expected a whole number from 0, found %" JSON_INTEGER_FORMAT, value);
	if ((uint64_t)value > max)
		return too_large(at, err, "", (size_t)value, max);
	*ret_value = (uint32_t)value;
	return 0;
}

int eun__json_bool(const struct eun__json *at, bool *ret_value, struct eun_error *err)
{
	if (!at->value)
		return 0;
	if (!json_is_boolean(at->value))
		return bad_value(at, err, "a boolean");
	*ret_value = json_is_true(at->value);
	return 0;
}

int eun__json_list(const struct eun__json *at, size_t max, size_t *ret_n, struct eun_error *err)
{
	size_t n = json_array_size(at->value);
	int r = eun__json_allow(at, JSON_ARRAY, err);

	if (r < 0)
		return r;
	if (n > max)
		return too_large(at, err, " elements", n, max);
	*ret_n = n;
	return 0;
}

int eun__json_scalar(const struct eun__json *at, struct eun_package *package,
		     const char **ret_string, struct eun_error *err)
{
	char text[64];
	struct eub_buf buf = EUB_BUF_FIXED(text, sizeof(text));

	if (json_is_string(at->value))
		return eun__json_string(at, package, ret_string, err);
	if (json_is_boolean(at->value))
		eub_buf_append_str(&buf, json_is_true(at->value) ? "true" : "false");
	else if (json_is_integer(at->value))
		eub_buf_append_i64(&buf, json_integer_value(at->value));
	else if (json_is_real(at->value))
		eub_buf_printf(&buf, "%.15g", json_real_value(at->value));
	else
		return 0;
	return copy(at, package, text, buf.len, ret_string, err);
}

int eun__json_base64(const struct eun__json *at, size_t max, void **ret_data, size_t *ret_size,
		     struct eun_error *err)
{
	int r;

	if (!json_is_string(at->value))
		return bad_value(at, err, "a string");
	r = eun__base64_decode(json_string_value(at->value), json_string_length(at->value), max,
			       ret_data, ret_size, err);
	if (r < 0)
		return eun__json_context(at, r, err);
	return 0;
}
