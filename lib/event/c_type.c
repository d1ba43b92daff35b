/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C type strings as bpftool and the LLVM of 2022 wrote them into packages. The words before the
 * brackets are looked up one by one: those that C builds integer types from add up, any other known
 * name is a type of its own. Sizes are those of 64-bit BPF.
 */
#include "event/c_type.h"

#include "base/macro.h"
#include "base/str.h"

#include <ctype.h>

#define WORD_MAX 64

/* What the words seen so far amount to. */
struct words {
	unsigned int n_long;
	bool is_short;
	bool is_unsigned;
	bool is_integer; /* a word that makes an integer type */
	bool is_pointer;
	bool is_double;
	bool is_unknown; /* a tag or a name that is not in the tables */
};

struct named_type {
	const char *name;
	enum eun__step_kind kind;
	uint32_t size_bytes;
	bool is_signed;
};

static const struct named_type named_types[] = {
	{ "_Bool", EUN__STEP_BOOL, 1, false },	   { "bool", EUN__STEP_BOOL, 1, false },
	{ "char", EUN__STEP_INT, 1, true },	   { "__int128", EUN__STEP_WIDE, 16, true },
	{ "float", EUN__STEP_FLOAT, 4, true },	   { "s8", EUN__STEP_INT, 1, true },
	{ "s16", EUN__STEP_INT, 2, true },	   { "s32", EUN__STEP_INT, 4, true },
	{ "s64", EUN__STEP_INT, 8, true },	   { "u8", EUN__STEP_INT, 1, false },
	{ "u16", EUN__STEP_INT, 2, false },	   { "u32", EUN__STEP_INT, 4, false },
	{ "u64", EUN__STEP_INT, 8, false },	   { "__s8", EUN__STEP_INT, 1, true },
	{ "__s16", EUN__STEP_INT, 2, true },	   { "__s32", EUN__STEP_INT, 4, true },
	{ "__s64", EUN__STEP_INT, 8, true },	   { "__u8", EUN__STEP_INT, 1, false },
	{ "__u16", EUN__STEP_INT, 2, false },	   { "__u32", EUN__STEP_INT, 4, false },
	{ "__u64", EUN__STEP_INT, 8, false },	   { "int8_t", EUN__STEP_INT, 1, true },
	{ "int16_t", EUN__STEP_INT, 2, true },	   { "int32_t", EUN__STEP_INT, 4, true },
	{ "int64_t", EUN__STEP_INT, 8, true },	   { "uint8_t", EUN__STEP_INT, 1, false },
	{ "uint16_t", EUN__STEP_INT, 2, false },   { "uint32_t", EUN__STEP_INT, 4, false },
	{ "uint64_t", EUN__STEP_INT, 8, false },   { "__be16", EUN__STEP_INT, 2, false },
	{ "__be32", EUN__STEP_INT, 4, false },	   { "__be64", EUN__STEP_INT, 8, false },
	{ "pid_t", EUN__STEP_INT, 4, true },	   { "uid_t", EUN__STEP_INT, 4, false },
	{ "gid_t", EUN__STEP_INT, 4, false },	   { "dev_t", EUN__STEP_INT, 4, false },
	{ "size_t", EUN__STEP_INT, 8, false },	   { "ssize_t", EUN__STEP_INT, 8, true },
	{ "loff_t", EUN__STEP_INT, 8, true },	   { "eun_ipv4", EUN__STEP_IPV4, 4, false },
	{ "eun_ipv6", EUN__STEP_IPV6, 16, false }, { "eun_ip", EUN__STEP_IP, 16, false },
};

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void take_named(const char *word, struct eun__c_type *type, struct words *words)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(named_types); i++) {
		if (!eub_streq(word, named_types[i].name))
			continue;
		type->kind = named_types[i].kind;
		type->size_bytes = named_types[i].size_bytes;
		type->is_signed = named_types[i].is_signed;
		type->is_char = eub_streq(word, "char");
		return;
	}
	words->is_unknown = true;
}

/* Takes one word of the type. */
static void take_word(const char *word, struct eun__c_type *type, struct words *words)
{
	static const char *const skipped[] = { "const", "volatile", "restrict" };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(skipped); i++)
		if (eub_streq(word, skipped[i]))
			return;
	if (eub_streq(word, "long"))
		words->n_long++;
	else if (eub_streq(word, "short"))
		words->is_short = true;
	else if (eub_streq(word, "unsigned"))
		words->is_unsigned = true;
	else if (eub_streq(word, "double"))
		words->is_double = true;
	else if (eub_streq(word, "int") || eub_streq(word, "signed"))
		words->is_integer = true;
	else
		take_named(word, type, words);
}

static void set_integer(struct eun__c_type *type, uint32_t size_bytes, bool is_signed)
{
	type->kind = EUN__STEP_INT;
	type->size_bytes = size_bytes;
	type->is_signed = is_signed;
}

/* Adds the words up. */
static void decide(struct eun__c_type *type, const struct words *words)
{
	bool is_integer =
	    words->is_integer || words->is_short || words->is_unsigned || words->n_long > 0;

	if (words->is_pointer) {
		*type = (struct eun__c_type){ 0 };
		set_integer(type, 8, false);
	} else if (words->is_unknown) {
		type->kind = EUN__STEP_BYTES;
		type->size_bytes = 0;
	} else if (words->is_double) {
		type->kind = words->n_long ? EUN__STEP_BYTES : EUN__STEP_FLOAT;
		type->size_bytes = words->n_long ? 0 : 8;
	} else if (type->size_bytes > 0) {
		type->is_char = type->is_char && !words->is_unsigned && !words->is_integer;
		type->is_signed = type->is_signed && !words->is_unsigned;
	} else if (is_integer) {
		set_integer(type, words->n_long ? 8 : words->is_short ? 2 : 4, !words->is_unsigned);
	}
}

/* Reads "16]" and what blanks are in it. Return: 0; -EINVAL; -E2BIG. */
static int take_length(const char **p, struct eun__c_type *type)
{
	uint64_t n = 0;

	if (type->n_lengths >= EVENT_MAX_DEPTH)
		return -E2BIG;
	for (; **p != ']'; (*p)++) {
		if (**p == ' ')
			continue;
		if (!isdigit((unsigned char)**p))
			return -EINVAL;
		n = n * 10 + (uint64_t)(**p - '0');
		if (n > EVENT_MAX_SIZE_BYTES)
			return -E2BIG;
	}
	type->lengths[type->n_lengths++] = (uint32_t)n;
	return 0;
}

int eun__c_type_parse(const char *text, struct eun__c_type *ret_type)
{
	struct eun__c_type type = { .kind = EUN__STEP_BYTES };
	struct eun__c_type lengths = { 0 };
	struct words words = { 0 };

	for (const char *p = text; *p;) {
		char word[WORD_MAX];
		size_t n = 0;

		while (is_word_char(p[n]))
			n++;
		if (n >= sizeof(word)) {
			words.is_unknown = true;
		} else if (n > 0) {
			memcpy(word, p, n);
			word[n] = '\0';
			take_word(word, &type, &words);
		} else if (*p == '[') {
			int r;

			p++;
			r = take_length(&p, &lengths);
			if (r < 0)
				return r;
		} else if (*p == '*') {
			words.is_pointer = true;
		}
		p += n > 0 ? n : 1;
	}
	decide(&type, &words);
	memcpy(type.lengths, lengths.lengths, sizeof(type.lengths));
	type.n_lengths = lengths.n_lengths;
	*ret_type = type;
	return 0;
}
