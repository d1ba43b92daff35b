/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See variable.h. BTF says which variables a section has and of what type; where they lie in it
 * only the symbol table knows before libbpf has laid the object out (clang writes zero offsets). A
 * sorted index over the list joins the two in one pass over the symbols.
 */
#include "package/variable.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "package/internal.h"
#include "package/limits.h"
#include "package/name.h"

#include <bpf/btf.h>

#define DUMMY_PREFIX "__eunomia_dummy" /* ecc's pointers that keep a struct in the BTF */

void eun__variable_init(struct eun_package_variable *variable, const char *section)
{
	*variable = (struct eun_package_variable){
		.name = "",
		.type = "",
		.section = section,
		.description = "",
		.long_option = "",
		.short_option = "",
		.default_value = "",
	};
}

int eun__variables_reserve(struct eun_package *package, size_t n, struct eun_error *err)
{
	struct eun_package_variable *variables;

	n += package->n_variables;
	if (n > EUN__VARIABLES_MAX)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "%zu variables are over the limit of %d", n,
				     EUN__VARIABLES_MAX);
	variables = eun__package_alloc(package, n, sizeof(*variables));
	if (!variables)
		return eub_error_no_memory(err);
	if (package->n_variables > 0)
		memcpy(variables, package->variables, package->n_variables * sizeof(*variables));
	package->variables = variables;
	return 0;
}

void eun__variable_add(struct eun_package *package, const struct eun_package_variable *variable)
{
	if (!eub_has_prefix(variable->name, DUMMY_PREFIX))
		package->variables[package->n_variables++] = *variable;
}

static bool is_data_section(const char *name)
{
	static const char *const sections[] = { ".rodata", ".data", ".bss" };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(sections); i++) {
		size_t n = strlen(sections[i]);

		if (strncmp(name, sections[i], n) == 0 && (!name[n] || name[n] == '.'))
			return true;
	}
	return false;
}

/* A variable taken from the BTF, for which the symbol table may know an initial value. */
struct row {
	struct eun_package_variable *variable;
	uint32_t type_id;
};

struct lister {
	struct eun_package *package;
	const struct eun__object *object;
	bool has_listed; /* the manifest listed variables */
	struct row *rows;
	size_t n_rows;
	struct eun_error *err;
};

/* The DATASEC of a data section whose variables are wanted; NULL if type @id is none. */
static const struct btf_type *find_datasec(const struct lister *lister, uint32_t id,
					   const char **ret_name)
{
	const struct btf_type *type = btf__type_by_id(lister->object->btf, id);
	const char *name;

	if (!btf_is_datasec(type))
		return NULL;
	name = btf__name_by_offset(lister->object->btf, type->name_off);
	if (!is_data_section(name))
		return NULL;
	if (lister->has_listed && (eub_streq(name, ".rodata") || eub_streq(name, ".bss")))
		return NULL;
	*ret_name = name;
	return type;
}

/* Variables of all wanted sections, static ones included. */
static size_t count_variables(const struct lister *lister)
{
	size_t n = 0;

	for (uint32_t id = 1; id < btf__type_cnt(lister->object->btf); id++) {
		const char *name;
		const struct btf_type *datasec = find_datasec(lister, id, &name);

		n += datasec ? btf_vlen(datasec) : 0;
	}
	return n;
}

static int add_from_btf(struct lister *lister, uint32_t var_id, const char *section)
{
	const struct btf *btf = lister->object->btf;
	const struct btf_type *var = btf__type_by_id(btf, var_id);
	const char *name = btf__name_by_offset(btf, var->name_off);
	size_t n = lister->package->n_variables;
	struct eun_package_variable variable;

	/* Static ones are local to the author's code: loop state and printk formats. */
	if (btf_var(var)->linkage == BTF_VAR_STATIC || !name[0])
		return 0;
	eun__variable_init(&variable, section);
	variable.name = eun__package_copy(lister->package, name, strlen(name));
	variable.type = eun__type_name_copy(lister->package, btf, var->type);
	variable.long_option = variable.name;
	if (!variable.name || !variable.type)
		return eub_error_no_memory(lister->err);
	eun__variable_add(lister->package, &variable);
	if (lister->package->n_variables > n)
		lister->rows[lister->n_rows++] =
		    (struct row){ .variable = &lister->package->variables[n],
				  .type_id = var->type };
	return 0;
}

static int list_variables(struct lister *lister)
{
	const struct btf *btf = lister->object->btf;

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const char *name;
		const struct btf_type *datasec = find_datasec(lister, id, &name);
		const char *section;

		if (!datasec)
			continue;
		section = eun__package_copy(lister->package, name, strlen(name));
		if (!section)
			return eub_error_no_memory(lister->err);
		for (uint32_t i = 0; i < btf_vlen(datasec); i++)
			if (add_from_btf(lister, btf_var_secinfos(datasec)[i].type, section) < 0)
				return -ENOMEM;
	}
	return 0;
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;
	int order = strcmp(x->variable->name, y->variable->name);

	return order ? order : strcmp(x->variable->section, y->variable->section);
}

static bool is_zero(const unsigned char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i])
			return false;
	return true;
}

/* A char array that holds one line of text and nothing after it; else nothing. */
static void append_text(struct eub_buf *buf, const struct btf *btf, const struct btf_type *type,
			const unsigned char *data, size_t size)
{
	int resolved = btf__resolve_type(btf, btf_array(type)->type);
	const struct btf_type *element =
	    resolved > 0 ? btf__type_by_id(btf, (uint32_t)resolved) : NULL;
	const char *text = (const char *)data;

	if (!data || !element || !btf_is_int(element) || element->size != 1 ||
	    !eun__is_name(text, size) || !is_zero(data + strlen(text), size - strlen(text)))
		return;
	eub_buf_append_str(buf, text);
}

/* The initial value as text where it is a number, a boolean or a string; else nothing. */
static void append_value(struct eub_buf *buf, const struct btf *btf, uint32_t type_id,
			 const unsigned char *data, size_t size)
{
	int resolved = btf__resolve_type(btf, type_id);
	const struct btf_type *type =
	    resolved > 0 ? btf__type_by_id(btf, (uint32_t)resolved) : NULL;
	bool is_number = type && (btf_is_int(type) || btf_is_any_enum(type));
	bool is_signed;
	uint64_t value = 0;

	if (type && btf_is_array(type)) {
		append_text(buf, btf, type, data, size);
		return;
	}
	if (!is_number || type->size != size || size > sizeof(value))
		return;
	if (data)
		memcpy(&value, data, size); /* little-endian, as the object was found to be */
	if (btf_is_int(type) && btf_int_encoding(type) & BTF_INT_BOOL) {
		eub_buf_append_str(buf, value ? "true" : "false");
		return;
	}
	is_signed = btf_is_int(type) ? btf_int_encoding(type) & BTF_INT_SIGNED : btf_kflag(type);
	if (is_signed && size > 0 && size < sizeof(value) && value >> (size * 8 - 1) & 1)
		value |= UINT64_MAX << size * 8;
	if (is_signed)
		eub_buf_append_i64(buf, (int64_t)value);
	else
		eub_buf_append_u64(buf, value);
}

static int set_default(struct lister *lister, const struct row *row,
		       const struct eun__elf_section *section, const Elf64_Sym *symbol)
{
	struct eub_buf value = EUB_BUF_INIT;
	const char *copy = NULL;

	append_value(&value, lister->object->btf, row->type_id,
		     section->data ? section->data + symbol->st_value : NULL, symbol->st_size);
	if (!value.has_failed)
		copy = eun__package_copy(lister->package, value.data ? value.data : "", value.len);
	eub_buf_done(&value);
	if (!copy)
		return eub_error_no_memory(lister->err);
	row->variable->default_value = copy;
	return 0;
}

static int set_defaults(struct lister *lister)
{
	const struct eun__elf *elf = &lister->object->elf;

	qsort(lister->rows, lister->n_rows, sizeof(*lister->rows), compare_rows);
	for (size_t i = 0; i < eun__elf_n_symbols(elf); i++) {
		struct eun__elf_symbol symbol = eun__elf_symbol(elf, i);
		struct eun_package_variable wanted = { .name = symbol.name };
		struct row key = { .variable = &wanted };
		struct eun__elf_section section;
		const struct row *row;

		if (ELF64_ST_TYPE(symbol.raw.st_info) != STT_OBJECT ||
		    symbol.raw.st_shndx >= elf->n_sections)
			continue;
		section = eun__elf_section(elf, symbol.raw.st_shndx);
		wanted.section = section.name;
		row = bsearch(&key, lister->rows, lister->n_rows, sizeof(*row), compare_rows);
		if (!row || row->variable->default_value[0])
			continue;
		if (set_default(lister, row, &section, &symbol.raw) < 0)
			return -ENOMEM;
	}
	return 0;
}

int eun__variables_complete(struct eun_package *package, const struct eun__object *object,
			    struct eun_error *err)
{
	struct lister lister = {
		.package = package,
		.object = object,
		.has_listed = package->n_variables > 0,
		.err = err,
	};
	size_t n = object->btf ? count_variables(&lister) : 0;
	int r;

	if (n == 0)
		return 0;
	r = eun__variables_reserve(package, n, err);
	if (r < 0)
		return r;
	lister.rows = calloc(n, sizeof(*lister.rows));
	if (!lister.rows)
		return eub_error_no_memory(err);
	r = list_variables(&lister);
	if (r == 0)
		r = set_defaults(&lister);
	free(lister.rows);
	return r;
}
