/* SPDX-License-Identifier: MIT */
/* What a call must return, from how the server was before it: see server_model.h. */
#include "fuzz/spec/server_model.h"

#define NOT_ALLOWED_3 3 /* words of {allow} that no server takes: directory-owner, none */
#define NOT_ALLOWED_9 9

static bool is_access(int64_t access)
{
    static const unsigned sums[] = {0700, 0070, 0007, 0770, 0707, 0077, 0777, 01000};

    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
        if (sums[i] == access)
            return true;
    return false;
}

static void must_be(struct server_model *model, int64_t result, int64_t expected)
{
    SERVER_CHECK(model, result == expected, "result", "%s, must be %s", sp_error_name((int)result),
                 sp_error_name((int)expected));
}

/* ---- options ---- */

static bool is_valid_option(const struct server_model *model)
{
    switch (model->kind) {
    case OPERATION_ACCESS:
        return is_access(model->argument);
    case OPERATION_MAX_PENDING:
        return model->argument >= 1 && model->argument <= SP_MAX_PENDING_MAX;
    case OPERATION_TRUST:
        return model->argument <= SP_TRUST_OFF;
    case OPERATION_SERVER_POLICY:
        return model->argument != NOT_ALLOWED_3 && model->argument != NOT_ALLOWED_9;
    default:
        return true;
    }
}

static void check_option(struct server_model *model, int64_t result)
{
    if (model->was_listening && model->kind != OPERATION_MAX_PENDING)
        must_be(model, result, SP_ERROR_OPERATION);
    else if (!is_valid_option(model))
        must_be(model, result, SP_ERROR_ARGUMENT);
    else if (!model->disturbed)
        must_be(model, result, SP_OK);
    else
        SERVER_CHECK(model, result == SP_OK || result == SP_ERROR_RESOURCE, "result",
                     "an option came to %s", sp_error_name((int)result));
}

/* ---- descriptors from elsewhere ---- */

static bool is_unfit(const struct server_model *model)
{
    const struct sp_os_sockinfo *info = &model->info;
    bool listens = model->kind == OPERATION_SERVER_ADOPT;

    if (model->examined < 0 || !info->is_unix || !info->is_stream)
        return true;
    return listens ? !info->is_listening : info->is_listening || !info->is_connected;
}

static void check_adopt(struct server_model *model, int64_t result)
{
    const struct server_one *one = model->now;

    if (model->was_listening)
        must_be(model, result, SP_ERROR_OPERATION);
    else if (!model->disturbed &&
             (is_unfit(model) || (one->is_abstract && one->access == SP_ACCESS_UMASK)))
        must_be(model, result, SP_ERROR_UNSUPPORTED);
    else if (!model->disturbed)
        must_be(model, result, SP_OK);
}

static void check_add(struct server_model *model, int64_t result)
{
    if (!model->was_listening)
        must_be(model, result, SP_ERROR_OPERATION);
    else if (model->was_pending >= (unsigned)model->now->max_pending)
        must_be(model, result, SP_ERROR_LIMIT);
    else if (!model->disturbed && is_unfit(model))
        must_be(model, result, SP_ERROR_UNSUPPORTED);
    else if (!model->disturbed && !server_may_enter(model))
        must_be(model, result, SP_ERROR_UNTRUSTED);
    else if (!model->disturbed)
        must_be(model, result, SP_OK);
}

/* ---- names ---- */

static void check_listen_abstract(struct server_model *model, const struct world_outcome *outcome)
{
    size_t length = outcome->operation->name.length;

    if (length == 0 || length > SP_ABSTRACT_MAX)
        must_be(model, outcome->result, SP_ERROR_SERVER_NOT_FOUND);
    else if (model->was_listening)
        must_be(model, outcome->result, SP_ERROR_OPERATION);
    else if (model->now->access == SP_ACCESS_UMASK)
        must_be(model, outcome->result, SP_ERROR_UNSUPPORTED);
    else if (!model->disturbed)
        must_be(model, outcome->result, model->name_was_taken ? SP_ERROR_ADDRESS_IN_USE : SP_OK);
}

/* ---- connections ---- */

static void check_take(struct server_model *model, int64_t result)
{
    if (model->was_pending == 0)
        must_be(model, result, SP_ERROR_LIMIT);
    else if (model->kind == OPERATION_TAKE_DESCRIPTOR)
        SERVER_CHECK(model, result == model->now->queue[0], "order",
                     "descriptor %d was handed out, %d is the oldest", (int)result,
                     model->now->queue[0]);
    else if (!model->disturbed)
        must_be(model, result, SP_OK);
}

static void check_wait(struct server_model *model, int64_t result)
{
    const struct server_one *one = model->now;
    uint64_t waited = sim_now(model->world->sim) - model->began;

    if (model->argument < -1) {
        must_be(model, result, SP_ERROR_ARGUMENT);
    } else if (!model->was_listening) {
        must_be(model, result, SP_ERROR_OPERATION);
    } else {
        SERVER_CHECK(model, (result == SP_OK) == (one->count > 0), "result",
                     "a wait came to %s, and %u connections wait", sp_error_name((int)result),
                     one->count);
        SERVER_CHECK(model,
                     result != SP_ERROR_TIMEOUT ||
                         (model->argument >= 0 && waited >= (uint64_t)model->argument * NS_PER_MS),
                     "result", "a wait of %d ms ended after %llu ns", (int)model->argument,
                     (unsigned long long)waited);
        SERVER_CHECK(model,
                     model->disturbed || model->argument < 0 ||
                         waited <= (uint64_t)model->argument * NS_PER_MS,
                     "late", "a wait of %d ms lasted %llu ns", (int)model->argument,
                     (unsigned long long)waited);
    }
}

static void check_process(struct server_model *model)
{
    const struct server_one *one = model->now;
    bool told = (model->argument & (SP_IO_READ | SP_IO_DATA | SP_IO_HANGUP)) != 0;
    bool was_full = model->was_pending >= (unsigned)one->max_pending;
    bool due = model->was_paused && (!one->paused || model->accept_calls > 0);
    bool wanted = model->was_listening && !was_full && (model->was_paused ? due : told);

    SERVER_CHECK(model, !wanted || model->accept_calls > 0 || model->reserve_failed,
                 "accepts-at-least-one", "connections may wait, and accept() was not called");
    SERVER_CHECK(model, wanted || model->accept_calls == 0, "accepts-when-asked",
                 "accept() was called %u times, and nothing asked for it", model->accept_calls);
    SERVER_CHECK(model, model->accepts <= SP_ACCEPTS_PER_PROCESS, "accepts-bounded",
                 "accept() was called %u times in one turn", model->accepts);
}

void server_check_result(struct server_model *model, const struct world_outcome *outcome)
{
    switch (model->kind) {
    case OPERATION_ACCESS:
    case OPERATION_BACKLOG:
    case OPERATION_MAX_PENDING:
    case OPERATION_TRUST:
    case OPERATION_TAKE_OVER:
    case OPERATION_SERVER_POLICY:
        check_option(model, outcome->result);
        break;
    case OPERATION_SERVER_ADOPT:
        check_adopt(model, outcome->result);
        break;
    case OPERATION_LISTEN_ABSTRACT:
        check_listen_abstract(model, outcome);
        break;
    case OPERATION_ADD:
        check_add(model, outcome->result);
        break;
    case OPERATION_TAKE:
    case OPERATION_TAKE_DESCRIPTOR:
        check_take(model, outcome->result);
        break;
    case OPERATION_SERVER_WAIT:
        check_wait(model, outcome->result);
        break;
    case OPERATION_SERVER_PROCESS:
        check_process(model);
        break;
    default:
        break;
    }
}
