/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources.devices as a BPF program on the cgroup: version 2 has no files for it (bpf(2),
 * BPF_PROG_TYPE_CGROUP_DEVICE; cgroup-v2.rst "Device controller"). */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/user.h"
#include "runtime/cgroup-manager.h"

#define RULES_MAX 512 /* of about eight instructions each */

typedef struct DeviceRule {
        bool allow;
        int type; /* BPF_DEVCG_DEV_*, 0: any */
        int access;
        int64_t major, minor; /* -1: any */
} DeviceRule;

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* What every container has in /dev; making other nodes is harmless, opening them is not. */
static const DeviceRule standard[] = {
        { true, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_MKNOD, -1, -1 },
        { true, BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_MKNOD, -1, -1 },
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 1, 3 },    /* null */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 1, 5 },    /* zero */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 1, 7 },    /* full */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 1, 8 },    /* random */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 1, 9 },    /* urandom */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 5, 0 },    /* tty */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 5, 1 },    /* console */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 5, 2 },    /* ptmx */
        { true, BPF_DEVCG_DEV_CHAR, ACCESS_ALL, 136, -1 }, /* pts */
};

static bool parse_rule(JsonObject *object, DeviceRule *rule, GError **error) {
        const char *type, *access;
        if (!json_get_bool(object, "allow", &rule->allow, error) ||
            !json_get_string(object, "type", &type, error) ||
            !json_get_string(object, "access", &access, error) ||
            !json_get_int(object, "major", &rule->major, error) ||
            !json_get_int(object, "minor", &rule->minor, error))
                return false;
        rule->major = json_object_has_member(object, "major") ? rule->major : -1;
        rule->minor = json_object_has_member(object, "minor") ? rule->minor : -1;
        type = type && *type ? type : "a";
        if (strlen(type) != 1 || !strchr("abcu", *type))
                return error_set_invalid(
                                error, "linux.resources.devices: unknown type \"%s\"", type);
        rule->type = *type == 'a' ? 0 : *type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
        rule->access = access && *access ? 0 : ACCESS_ALL;
        for (; access && *access; access++) {
                int bit = *access == 'r'   ? BPF_DEVCG_ACC_READ
                          : *access == 'w' ? BPF_DEVCG_ACC_WRITE
                          : *access == 'm' ? BPF_DEVCG_ACC_MKNOD
                                           : 0;
                if (bit == 0)
                        return error_set_invalid(
                                        error, "linux.resources.devices: bad access '%c'", *access);
                rule->access |= bit;
        }
        return true;
}

static void emit(GArray *code, uint8_t op, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
        const struct bpf_insn insn = {
                .code = op, .dst_reg = dst & 0xf, .src_reg = src & 0xf, .off = off, .imm = imm
        };
        g_array_append_val(code, insn);
}

/* r2 type, r3 access asked for, r4 major, r5 minor; the first rule that fits returns. True when it
 * fits everything: the verifier refuses code that nothing reaches. */
static bool emit_rule(GArray *code, const DeviceRule *rule) {
        g_autoptr(GArray) jumps = g_array_new(FALSE, FALSE, sizeof(guint));
        const struct {
                bool is_checked;
                uint8_t reg;
                int32_t value;
        } checks[] = {
                { rule->type != 0, BPF_REG_2, rule->type },
                { rule->major >= 0, BPF_REG_4, (int32_t) rule->major },
                { rule->minor >= 0, BPF_REG_5, (int32_t) rule->minor },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
                if (checks[i].is_checked) {
                        g_array_append_val(jumps, code->len);
                        emit(code, BPF_JMP | BPF_JNE | BPF_K, checks[i].reg, 0, 0, checks[i].value);
                }
        if (rule->access != ACCESS_ALL) { /* anything asked for beyond the rule's: not this rule */
                emit(code, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
                emit(code, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_1, 0, 0,
                     ACCESS_ALL & ~rule->access);
                g_array_append_val(jumps, code->len);
                emit(code, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_1, 0, 0, 0);
        }
        emit(code, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, rule->allow);
        emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
        for (guint i = 0; i < jumps->len; i++) {
                guint at = g_array_index(jumps, guint, i);
                g_array_index(code, struct bpf_insn, at).off = (int16_t) (code->len - at - 1);
        }
        return jumps->len == 0;
}

static GArray *compile(const GArray *rules) {
        GArray *code = g_array_new(FALSE, FALSE, sizeof(struct bpf_insn));
        const int16_t type_at = offsetof(struct bpf_cgroup_dev_ctx, access_type);
        emit(code, BPF_LDX | BPF_W | BPF_MEM, BPF_REG_2, BPF_REG_1, type_at, 0);
        emit(code, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
        emit(code, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
        emit(code, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
        emit(code, BPF_LDX | BPF_W | BPF_MEM, BPF_REG_4, BPF_REG_1,
             offsetof(struct bpf_cgroup_dev_ctx, major), 0);
        emit(code, BPF_LDX | BPF_W | BPF_MEM, BPF_REG_5, BPF_REG_1,
             offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
        for (size_t i = 0; i < G_N_ELEMENTS(standard); i++)
                (void) emit_rule(code, &standard[i]); /* all have conditions */
        for (guint i = rules->len; i > 0; i--)        /* later rules override earlier ones */
                if (emit_rule(code, &g_array_index(rules, DeviceRule, i - 1)))
                        return code;
        emit(code, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
        emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
        return code;
}

static int load_and_attach(int cgroup_fd, const GArray *code) {
        union bpf_attr load = {
                .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                .insns = (uint64_t) (uintptr_t) code->data,
                .insn_cnt = code->len,
                .license = (uint64_t) (uintptr_t) "Apache-2.0",
        };
        autofd int program = (int) syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
        if (program < 0)
                return -errno;
        union bpf_attr attach = {
                .target_fd = (uint32_t) cgroup_fd,
                .attach_bpf_fd = (uint32_t) program,
                .attach_type = BPF_CGROUP_DEVICE,
                .attach_flags = BPF_F_ALLOW_MULTI,
        };
        return syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach) < 0 ? -errno : 0;
}

static bool attach_rules(int cgroup_fd, const GArray *rules, GError **error) {
        g_autoptr(GArray) code = compile(rules);
        int r = load_and_attach(cgroup_fd, code);
        if (r == -EPERM && (geteuid() != 0 || !user_in_initial_namespace()))
                return true; /* there nobody can make a node that reaches a device */
        return r >= 0 || error_set_errno(error, r, "Cannot limit the devices of the cgroup");
}

/* linux.resources.devices, appended to rules. */
static bool read_rules(JsonNode *resources, GArray *rules, GError **error) {
        JsonArray *devices = NULL;
        if (!resources ||
            !json_get_array(json_node_get_object(resources), "devices", &devices, error))
                return !resources;
        if (devices && json_array_get_length(devices) > RULES_MAX)
                return error_set_invalid(
                                error, "linux.resources.devices has more than %d rules", RULES_MAX);
        for (guint i = 0; devices && i < json_array_get_length(devices); i++) {
                JsonObject *object;
                DeviceRule rule = { 0 };
                if (!json_element_object(devices, i, &object, error) ||
                    !parse_rule(object, &rule, error))
                        return false;
                g_array_append_val(rules, rule);
        }
        return true;
}

bool cgroup_set_devices(int cgroup_fd, JsonNode *resources, GError **error) {
        g_autoptr(GArray) rules = g_array_new(FALSE, FALSE, sizeof(DeviceRule));
        if (!read_rules(resources, rules, error))
                return false;
        return rules->len == 0 || attach_rules(cgroup_fd, rules, error);
}

bool cgroup_limit_devices(int cgroup_fd, const OciSpec *spec, GError **error) {
        g_autoptr(GArray) rules = g_array_new(FALSE, FALSE, sizeof(DeviceRule));
        const DeviceRule none = { .access = ACCESS_ALL, .major = -1, .minor = -1 };
        g_array_append_val(rules, none);
        for (guint i = 0; i < spec->devices->len; i++) {
                const OciDevice *d = spec->devices->pdata[i];
                const DeviceRule rule = {
                        .allow = true,
                        .type = d->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR,
                        .access = ACCESS_ALL,
                        .major = d->major,
                        .minor = d->minor,
                };
                g_array_append_val(rules, rule);
        }
        if (!read_rules(spec->resources, rules, error)) /* --device-cgroup-rule */
                return false;
        GError *inner = NULL;
        if (attach_rules(cgroup_fd, rules, &inner))
                return true;
        if (!g_error_matches(inner, ERROR_ERRNO, EINVAL) &&
            !g_error_matches(inner, ERROR_ERRNO, ENOSYS)) {
                g_propagate_error(error, inner);
                return false;
        }
        /* a kernel without CONFIG_CGROUP_BPF, for which systemd's DeviceAllow= does nothing, either
         */
        log_warning("%s; the container is kept from making device nodes only", inner->message);
        g_error_free(inner);
        return true;
}
