/* QEMU TCG plugin: counts the instructions that a guest executes between two addresses.
 *
 * Arguments: begin=ADDRESS, end=ADDRESS, log=FILE. Each time the instruction at `end` is reached after the one
 * at `begin`, a line with the number of instructions executed since then (the one at `begin` included) is
 * appended to FILE. Both must be entries of functions, so that each starts a translation block.
 *
 * QEMU's plugin header is rarely installed with QEMU, so what is used of it (docs/devel/tcg-plugins.rst,
 * include/qemu/qemu-plugin.h) is declared here: only what is the same in every API version from 1 (QEMU 6)
 * on. Inline operations are not. The version to declare is given by -DAPI_VERSION, as QEMU refuses others.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef API_VERSION
#define API_VERSION 1
#endif

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

typedef void (*tb_callback)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*vcpu_callback)(unsigned int vcpu, void *data);
typedef void (*exit_callback)(uint64_t id, void *data);

extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, tb_callback callback);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, vcpu_callback callback,
                                                 enum qemu_plugin_cb_flags flags, void *data);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, vcpu_callback callback,
                                                   enum qemu_plugin_cb_flags flags, void *data);
extern void qemu_plugin_register_atexit_cb(uint64_t id, exit_callback callback, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = API_VERSION;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

/* One virtual CPU, so no locks: the boards have one core. */
static struct {
    uint64_t begin;    /* address */
    uint64_t end;      /* address */
    FILE *log;
    uint64_t executed; /* instructions of all translation blocks entered so far */
    uint64_t started;  /* `executed` at begin */
    bool counting;
} counter;

/* The data of the callbacks is the block's number of instructions, in the pointer itself. */
static void on_block(unsigned int vcpu, void *data)
{
    (void)vcpu;
    counter.executed += (uintptr_t)data;
}

/* At a marker its whole block is already counted, and the marker is the block's first instruction. */
static void on_begin(unsigned int vcpu, void *data)
{
    (void)vcpu;
    counter.started = counter.executed - (uintptr_t)data;
    counter.counting = true;
}

static void on_end(unsigned int vcpu, void *data)
{
    (void)vcpu;
    if (counter.counting) {
        fprintf(counter.log, "%" PRIu64 "\n", counter.executed - (uintptr_t)data - counter.started);
        fflush(counter.log);
        counter.counting = false;
    }
}

static void on_translation(uint64_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)count);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        void *rest = (void *)(uintptr_t)(count - i);

        if (address == counter.begin) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_begin, QEMU_PLUGIN_CB_NO_REGS, rest);
        } else if (address == counter.end) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_end, QEMU_PLUGIN_CB_NO_REGS, rest);
        }
    }
}

static void on_exit_of_qemu(uint64_t id, void *data)
{
    (void)id;
    (void)data;
    fclose(counter.log);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    const char *log = NULL;

    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "begin=", 6) == 0) {
            counter.begin = strtoull(argv[i] + 6, NULL, 0);
        } else if (strncmp(argv[i], "end=", 4) == 0) {
            counter.end = strtoull(argv[i] + 4, NULL, 0);
        } else if (strncmp(argv[i], "log=", 4) == 0) {
            log = argv[i] + 4;
        }
    }
    if (log == NULL || (counter.log = fopen(log, "w")) == NULL) {
        fprintf(stderr, "counter: cannot write the log\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
    return 0;
}
