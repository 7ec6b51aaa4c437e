// A plugin of QEMU that counts instructions: at each call of getppid, and at the end, it prints how
// many there were since it last did. Build: gcc -shared -fPIC -O2 -o count.so count.c
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

// The part of QEMU's plugin interface, version 1, that is used here.
typedef uint64_t plugin_id;
struct block;
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct block*));
size_t qemu_plugin_tb_n_insns(const struct block*);
void qemu_plugin_register_vcpu_tb_exec_inline(struct block*, int add, void* to, uint64_t amount);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id,
                                          void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t,
                                                   uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                                   uint64_t));
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void*), void*);

#define EXPORT __attribute__((visibility("default")))

enum { getppid_of_arm = 173 };

static uint64_t count, last;

static void tell(void) {
  fprintf(stderr, "instructions %" PRIu64 "\n", count - last);
  last = count;
}

static void on_block(plugin_id id, struct block* block) {
  qemu_plugin_register_vcpu_tb_exec_inline(block, 0, &count, qemu_plugin_tb_n_insns(block));
}

static void on_call(plugin_id id, unsigned cpu, int64_t number, uint64_t a, uint64_t b, uint64_t c,
                    uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
  if (number == getppid_of_arm) tell();
}

static void on_exit_of_all(plugin_id id, void* nothing) { tell(); }

EXPORT int qemu_plugin_version = 1;

EXPORT int qemu_plugin_install(plugin_id id, const void* info, int count_of_arguments,
                               char** arguments) {
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
  qemu_plugin_register_vcpu_syscall_cb(id, on_call);
  qemu_plugin_register_atexit_cb(id, on_exit_of_all, NULL);
  return 0;
}
