/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed access to a JSON document. A struct eun__json is a place in it: a value together with the
 * way it was reached, so that an error can name "meta.bpf_skel.maps[2].name". Places live on the
 * stack and borrow their parent's; a member that is absent and one that is null are the same.
 */
#pragma once

#include <eunomia/error.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct eub_buf;
struct eun_package;

struct eun__json {
	const json_t *value; /* NULL: absent or null */
	const struct eun__json *parent;
	const char *key; /* of a member; NULL for an element and for the root */
	size_t index;	 /* of an element */
};

/**
 * eun__json_parse() - parse a document within the limits of depth and number of values
 *
 * Repeated members are tolerated, the last one counts.
 *
 * Return: 0, with *@ret_root to be released by json_decref(); -EINVAL (EUN_REASON_BAD_PACKAGE),
 * -E2BIG (TOO_LARGE), -ENOMEM.
 */
int eun__json_parse(const char *text, size_t n, json_t **ret_root, struct eun_error *err);

/* Absent if @object is no object. */
struct eun__json eun__json_member(const struct eun__json *object, const char *key);
/* Absent if @array is no array or shorter. */
struct eun__json eun__json_element(const struct eun__json *array, size_t i);

/**
 * eun__json_error() - record that the value at @at is wrong
 *
 * The path becomes the subject and stands before the message.
 *
 * Return: @code.
 */
int eun__json_error(const struct eun__json *at, int code, enum eun_reason reason,
		    struct eun_error *err, const char *format, ...) EUN_PRINTF(5, 6);
/* Adds the path to a failure that @err holds already. Return: @code. */
int eun__json_context(const struct eun__json *at, int code, struct eun_error *err);

/* Return: 0 if the value is there and of @type; -EINVAL. */
int eun__json_require(const struct eun__json *at, json_type type, struct eun_error *err);
/* As eun__json_require(), but 0 too if the value is absent. */
int eun__json_allow(const struct eun__json *at, json_type type, struct eun_error *err);

/* Readers of values that may be absent; *@ret_... is then left as it is. */

/* Copied into the package. Return: 0; -EINVAL, -E2BIG, -ENOMEM. */
int eun__json_string(const struct eun__json *at, struct eun_package *package,
		     const char **ret_string, struct eun_error *err);
/* As eun__json_string(), for a string that must be there and not empty. */
int eun__json_name(const struct eun__json *at, struct eun_package *package, const char **ret_string,
		   struct eun_error *err);
/* A whole number 0..@max. Return: 0; -EINVAL; -E2BIG. */
int eun__json_u32(const struct eun__json *at, uint32_t max, uint32_t *ret_value,
		  struct eun_error *err);
int eun__json_bool(const struct eun__json *at, bool *ret_value, struct eun_error *err);
/* Number of elements, 0 if absent. Return: 0; -EINVAL; -E2BIG if there are more than @max. */
int eun__json_list(const struct eun__json *at, size_t max, size_t *ret_n, struct eun_error *err);
/* A number, string or boolean as text. Other values are passed over. Return: 0; -E2BIG, -ENOMEM. */
int eun__json_scalar(const struct eun__json *at, struct eun_package *package,
		     const char **ret_string, struct eun_error *err);

/**
 * eun__json_base64() - decode a string that must be there
 * @max: bytes of the result at most
 *
 * Return: 0, with *@ret_data to be freed by the caller; -EINVAL, -E2BIG, -ENOMEM.
 */
int eun__json_base64(const struct eun__json *at, size_t max, void **ret_data, size_t *ret_size,
		     struct eun_error *err);
