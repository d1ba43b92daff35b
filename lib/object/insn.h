/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Initializers of struct bpf_insn, for the small programs that are written instruction by
 * instruction (docs.kernel.org/bpf/standardization/instruction-set.html).
 */
#pragma once

#include <linux/bpf.h>

#define INSN(code_, dst_, src_, off_, imm_)                                                        \
	{                                                                                          \
		.code = (code_), .dst_reg = (dst_), .src_reg = (src_), .off = (off_),              \
		.imm = (imm_)                                                                      \
	}
#define MOV_REG(dst_, src_)	  INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst_, src_, 0, 0)
#define MOV_IMM(dst_, imm_)	  INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst_, 0, 0, imm_)
#define NEGATE(reg_)		  INSN(BPF_ALU64 | BPF_NEG, reg_, 0, 0, 0)
#define ADD_IMM(dst_, imm_)	  INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst_, 0, 0, imm_)
#define CALL(helper_)		  INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper_)
#define EXIT()			  INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* *(u64 *)dst += src, atomically */
#define ATOMIC_ADD(dst_, src_)	  INSN(BPF_STX | BPF_ATOMIC | BPF_DW, dst_, src_, 0, BPF_ADD)
/* A descriptor takes two instructions; kind_: BPF_PSEUDO_MAP_FD or BPF_PSEUDO_MAP_VALUE, whose
 * offset is in the second. */
#define LOAD_FD(dst_, kind_, fd_) INSN(BPF_LD | BPF_DW | BPF_IMM, dst_, kind_, 0, fd_)
#define LOAD_FD_2(offset_)	  INSN(0, 0, 0, 0, offset_)
