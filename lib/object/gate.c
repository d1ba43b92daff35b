/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate owns its program array, its program, its links and what it pinned of them.
 *
 * The gate's program, in words: read the switch word; tail-call the entry of that number; if there
 * is none, count the invocation when the switch is closed, and return the neutral verdict.
 *
 * The index must be unknown to the verifier, as it is here, being read from a map that user space
 * writes. With a constant index the JIT would turn the tail call into a direct jump and patch
 * kernel text at each update of the array: slow, and able to panic a kernel under load.
 *
 * A prog array takes only programs that match its first user in type, expected attach type and BTF
 * target; the gate is loaded first, so it is that user and the tracker's programs must match it.
 * The kernel empties a prog array when its last descriptor goes, so the gate keeps one.
 */
#include "object/gate.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "object/gate_elf.h"
#include "object/insn.h"
#include "object/libbpf_log.h"
#include "object/limits.h"
#include "object/link.h"
#include "object/pins.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct eun__gate {
	const struct eun__attach_kind *kind;
	char *key;
	char *pin_path; /* NULL: not pinned */
	unsigned int n_users;
	bool is_attached;
	int array_fd;
	struct bpf_object *object;   /* EUN__GATE_ELF */
	struct bpf_program *program; /* of object; borrowed */
	int program_fd;		     /* the object's; owned if there is none */
	struct eun__links links;
};

#define SKIPPED_OFFSET ((int32_t)offsetof(struct eun__page, skipped))

#define GATE_INSNS 19

/*
 * @asks_for_function: a trampoline lays the address of its function out for bpf_get_func_ip() only
 * if an attached program calls it; the tracker's is not attached, so the gate does, where it costs
 * an open gate nothing.
 */
static void write_program(struct bpf_insn insns[static GATE_INSNS], int switch_fd, int array_fd,
			  int32_t verdict, bool asks_for_function)
{
	const struct bpf_insn program[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		LOAD_FD(BPF_REG_8, BPF_PSEUDO_MAP_VALUE, switch_fd),
		LOAD_FD_2(0),
		INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_7, BPF_REG_8, 0, 0), /* index */
		MOV_REG(BPF_REG_1, BPF_REG_6),
		LOAD_FD(BPF_REG_2, BPF_PSEUDO_MAP_FD, array_fd),
		LOAD_FD_2(0),
		MOV_REG(BPF_REG_3, BPF_REG_7),
		CALL(BPF_FUNC_tail_call),
		/* Still here: there is no such entry. A closed switch counts the invocation. */
		MOV_REG(BPF_REG_1, BPF_REG_6),
		asks_for_function ? (struct bpf_insn)CALL(BPF_FUNC_get_func_ip)
				  : (struct bpf_insn)MOV_REG(BPF_REG_1, BPF_REG_6),
		INSN(BPF_ALU | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, -1), /* 32 bits of ones */
		INSN(BPF_JMP | BPF_JNE | BPF_X, BPF_REG_7, BPF_REG_1, 4, 0),
		MOV_REG(BPF_REG_1, BPF_REG_8),
		ADD_IMM(BPF_REG_1, SKIPPED_OFFSET),
		MOV_IMM(BPF_REG_2, 1),
		ATOMIC_ADD(BPF_REG_1, BPF_REG_2),
		MOV_IMM(BPF_REG_0, verdict),
		EXIT(),
	};

	static_assert(EUB_ARRAY_SIZE(program) == GATE_INSNS, "as many as GATE_INSNS says");
	memcpy(insns, program, sizeof(program));
}

static int load_elf(struct eun__gate *gate, const char *section, const struct bpf_insn *insns)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "eunomia_gate");
	struct eub_buf elf = EUB_BUF_INIT;
	int r = eun__gate_elf_build(section, insns, GATE_INSNS, &elf);

	if (r == 0) {
		gate->object = bpf_object__open_mem(elf.data, elf.len, &options);
		r = gate->object ? 0 : -errno;
	}
	eub_buf_done(&elf);
	if (r < 0)
		return r;
	gate->program = bpf_object__next_program(gate->object, NULL);
	eun__attach_kind_complete(gate->program);
	r = bpf_object__load(gate->object);
	if (r < 0)
		return r;
	gate->program_fd = bpf_program__fd(gate->program);
	return 0;
}

/* libbpf would parse all of vmlinux BTF again to find a target that the tracker's info names. */
static int load_btf(struct eun__gate *gate, const struct bpf_program *program, int tracker_fd,
		    const struct bpf_insn *insns)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options);
	struct bpf_prog_info info = { 0 };
	uint32_t info_size = sizeof(info);
	int r = bpf_obj_get_info_by_fd(tracker_fd, &info, &info_size);

	if (r < 0)
		return r;
	if (info.attach_btf_id == 0 || info_size < offsetof(struct bpf_prog_info, attach_btf_id))
		return -EOPNOTSUPP; /* kernels before 6.0 do not tell */
	options.expected_attach_type = bpf_program__expected_attach_type(program);
	options.attach_btf_id = info.attach_btf_id;
	gate->program_fd =
	    bpf_prog_load(bpf_program__type(program), "gate", "GPL", insns, GATE_INSNS, &options);
	return gate->program_fd < 0 ? gate->program_fd : 0;
}

static int load_insns(struct eun__gate *gate, const struct bpf_program *program, int program_fd,
		      const struct bpf_insn *insns)
{
	int r = -EOPNOTSUPP;

	if (gate->kind->gate == EUN__GATE_BTF)
		r = load_btf(gate, program, program_fd, insns);
	if (r == -EOPNOTSUPP)
		r = load_elf(gate, bpf_program__section_name(program), insns);
	return r;
}

static bool has_trampoline(const struct bpf_program *program)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);

	return type == BPF_TRACE_FENTRY || type == BPF_TRACE_FEXIT || type == BPF_MODIFY_RETURN;
}

static int load(struct eun__gate *gate, const struct eun__switch *sw,
		const struct bpf_program *program, int program_fd)
{
	bool asks_for_function = has_trampoline(program);
	int switch_fd = eun__switch_get_map_fd(sw);
	struct bpf_insn insns[GATE_INSNS];
	int r;

	gate->array_fd = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "eunomia_gate", sizeof(uint32_t),
					sizeof(uint32_t), EUN__GATE_ENTRIES, NULL);
	if (gate->array_fd < 0)
		return gate->array_fd;
	write_program(insns, switch_fd, gate->array_fd, gate->kind->verdict, asks_for_function);
	r = load_insns(gate, program, program_fd, insns);
	if (r != -EINVAL || !asks_for_function)
		return r;
	/* Before 5.15 there is no such call. */
	bpf_object__close(gate->object);
	gate->object = NULL;
	write_program(insns, switch_fd, gate->array_fd, gate->kind->verdict, false);
	return load_insns(gate, program, program_fd, insns);
}

/* With one user; nothing is loaded. Return: NULL: out of memory. */
static struct eun__gate *gate_alloc(const struct eun__attach_kind *kind, const char *key)
{
	struct eun__gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return NULL;
	gate->kind = kind;
	gate->n_users = 1;
	gate->array_fd = -EBADF;
	gate->program_fd = -EBADF;
	gate->links = EUN__LINKS_INIT;
	gate->key = strdup(key);
	return gate->key ? gate : eun__gate_unref(gate);
}

int eun__gate_new(const struct eun__switch *sw, const struct eun__attach_kind *kind,
		  const struct bpf_program *program, int program_fd, const char *key,
		  struct eun__gate **ret_gate, struct eun_error *err)
{
	struct eun__gate *gate = gate_alloc(kind, key);
	int r;

	if (!gate)
		return eub_error_no_memory(err);
	eun__libbpf_log_reset();
	r = load(gate, sw, program, program_fd);
	if (r < 0) {
		eun__gate_unref(gate);
		return eun_error_set(err, r, EUN_REASON_ATTACH_FAILED,
				     "the gate cannot be loaded: %s; %s", strerror(-r),
				     eun__libbpf_log_first());
	}
	*ret_gate = gate;
	return 0;
}

/* The key can be longer than a file name, and holds characters that names must not: FNV-1a. */
static int get_pin_path(char path[static EUN__PIN_PATH_MAX], const char *pin_dir, const char *key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	char name[32];

	for (const char *p = key; *p; p++)
		hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	(void)snprintf(name, sizeof(name), "gate-%016" PRIx64, hash);
	return eun__pin_path(path, pin_dir, name);
}

static int open_pin(const char *dir, const char *name, int *ret_fd)
{
	char path[EUN__PIN_PATH_MAX];
	int r = eun__pin_path(path, dir, name);

	if (r == 0) {
		*ret_fd = bpf_obj_get(path);
		r = *ret_fd < 0 ? *ret_fd : 0;
	}
	return r;
}

int eun__gate_adopt(const struct eun__attach_kind *kind, const char *key, const char *pin_dir,
		    struct eun__gate **ret_gate, struct eun_error *err)
{
	struct eun__gate *gate = gate_alloc(kind, key);
	char path[EUN__PIN_PATH_MAX];
	int r;

	if (!gate)
		return eub_error_no_memory(err);
	r = get_pin_path(path, pin_dir, key);
	if (r == 0)
		r = open_pin(path, "array", &gate->array_fd);
	if (r == 0)
		r = open_pin(path, "program", &gate->program_fd);
	if (r == 0)
		r = eun__links_adopt(&gate->links, path);
	if (r < 0) {
		eun__gate_leave(gate);
		return eun_error_set(err, r, EUN_REASON_NOT_FOUND,
				     "the gate pinned at '%s' cannot be opened: %s", path,
				     strerror(-r));
	}
	gate->is_attached = true;
	gate->pin_path = strdup(path);
	if (!gate->pin_path) {
		eun__gate_leave(gate);
		return eub_error_no_memory(err);
	}
	*ret_gate = gate;
	return 0;
}

struct eun__gate *eun__gate_ref(struct eun__gate *gate)
{
	gate->n_users++;
	return gate;
}

static void gate_free(struct eun__gate *gate)
{
	eun__links_done(&gate->links);
	if (gate->object)
		bpf_object__close(gate->object);
	else
		eub_closep(&gate->program_fd);
	eub_closep(&gate->array_fd);
	free(gate->pin_path);
	free(gate->key);
	free(gate);
}

struct eun__gate *eun__gate_unref(struct eun__gate *gate)
{
	if (!gate || --gate->n_users > 0)
		return NULL;
	/* What cannot be unpinned stays attached with its array empty: it does nothing. */
	if (gate->pin_path)
		(void)eun__pins_remove(gate->pin_path);
	gate_free(gate);
	return NULL;
}

struct eun__gate *eun__gate_leave(struct eun__gate *gate)
{
	if (!gate || --gate->n_users > 0)
		return NULL;
	eun__links_leave(&gate->links);
	gate_free(gate);
	return NULL;
}

const char *eun__gate_get_pin_path(const struct eun__gate *gate)
{
	return gate->pin_path ? gate->pin_path : "";
}

const char *eun__gate_get_key(const struct eun__gate *gate)
{
	return gate->key;
}

int eun__gate_put(struct eun__gate *gate, uint32_t index, int program_fd)
{
	assert(index < EUN__GATE_ENTRIES);
	return bpf_map_update_elem(gate->array_fd, &index, &program_fd, BPF_ANY);
}

void eun__gate_clear(struct eun__gate *gate, uint32_t index)
{
	(void)bpf_map_delete_elem(gate->array_fd, &index); /* -ENOENT: it is empty */
}

static int attach(struct eun__gate *gate, const struct eun__target *target,
		  unsigned int perf_event_hz)
{
	if (!gate->program)
		return eun__links_attach_btf(&gate->links, gate->program_fd);
	if (gate->kind->attach == EUN__ATTACH_PERF_EVENT)
		return eun__links_attach_clock(&gate->links, gate->program, perf_event_hz);
	if (gate->kind->attach == EUN__ATTACH_TARGET)
		return eun__links_attach_target(&gate->links, gate->program, gate->kind, target);
	return eun__links_attach_auto(&gate->links, gate->program);
}

int eun__gate_attach(struct eun__gate *gate, const struct eun__target *target,
		     unsigned int perf_event_hz)
{
	int r = gate->is_attached ? 0 : attach(gate, target, perf_event_hz);

	if (r == 0)
		gate->is_attached = true;
	return r;
}

static int pin_fd(int fd, const char *dir, const char *name, struct eun_error *err)
{
	char path[EUN__PIN_PATH_MAX];
	int r = eun__pin_path(path, dir, name);

	return r < 0 ? r : eun__pin(fd, path, err);
}

int eun__gate_pin(struct eun__gate *gate, const char *pin_dir, struct eun_error *err)
{
	char path[EUN__PIN_PATH_MAX];
	int r;

	if (gate->pin_path)
		return 0;
	r = get_pin_path(path, pin_dir, gate->key);
	if (r == 0)
		r = eun__pin_dir_new(path, err);
	if (r < 0)
		return r;
	gate->pin_path = strdup(path);
	if (!gate->pin_path)
		return eub_error_no_memory(err);
	r = pin_fd(gate->array_fd, path, "array", err);
	if (r == 0)
		r = pin_fd(gate->program_fd, path, "program", err);
	return r < 0 ? r : eun__links_pin(&gate->links, path);
}

int eun__gate_get_program_fd(const struct eun__gate *gate)
{
	return gate->program_fd;
}
