/* SPDX-License-Identifier: MIT */
/*
 * What sunpath/socket.h promises of one socket, said a second time: the oracle of fuzz_state.
 *
 * The model is told every operation before and after it takes place, every call that the library
 * makes at the seam with what the kernel answered, and every event that is taken. From that it
 * knows what must be so: the state, the last failure, the events that wait and their order, each
 * result, each byte, the descriptor, interest and deadline, what is queued, available and lost.
 *
 * Where the contract leaves a choice (how much is read ahead, when gathered writes leave, how long
 * a pause is) the model takes what happened at the seam and checks that it was allowed. Where it
 * does not, the model says what must come of it before it looks.
 *
 * It is written from the public headers and docs/semantics.md, and shares no line and no table with
 * core/src. The bytes in both directions are plain arrays and two numbers; nothing is saved.
 *
 *   socket_model.c         operations, and the comparison with the socket
 *   socket_model_seam.c    calls at the seam: the clock, waiting, adopting; and to whom they belong
 *   socket_model_connect.c socket() and connect()
 *   socket_model_bytes.c   recv() and send()
 *   socket_model_end.c     closing, and the end
 *   socket_model_result.c  what a call must return
 *   socket_model_transfer.c  the same for reading and writing
 *   socket_model_peer.c    whether the peer was to be let in; what an errno means
 *   socket_model_event.c   the events that wait
 */
#ifndef FUZZ_SOCKET_MODEL_H
#define FUZZ_SOCKET_MODEL_H

#include "fuzz/world/world.h"

/* Operations inside each other: handlers that dispatch, turns, waits. */
#define MODEL_FRAMES_MAX 64
/* Bytes in front of what was received, for those that are put back. */
#define MODEL_UNGET_MAX 1024
#define MODEL_INPUT_MAX ((size_t)4 << 20)

/* One failure. Members that the contract leaves open are not compared. */
struct model_fault {
    enum sp_error error;
    enum sp_operation operation;
    enum sp_cause cause;
    int os_errno;
    bool any_detail; /* only @error is known */
    bool any_error;  /* not even that, but that there is one */
};

struct model_event {
    enum sp_event_kind kind;
    enum sp_state state;
    enum sp_error error;
    bool any_error;
};

/* One operation under way. */
struct model_frame {
    const struct operation *operation;
    enum operation_kind kind;
    /* How things were when it began. */
    enum sp_state state;
    size_t available;
    uint64_t written;
    uint64_t queued;
    bool had_ended;           /* no byte could come any more */
    enum sp_cause unreadable; /* why reading means nothing; NONE: it does */
    uint64_t sent_before;     /* of the whole connection */
    bool must_receive;        /* it is told that there are bytes that it wants */
    bool must_send;
    bool had_data_only; /* process: the loop said DATA, and what for is not uncertain */
    /* What happened at the seam. */
    unsigned receives, sends, connects, readings;
    unsigned interruptions; /* in a row */
    uint64_t started;       /* first reading of the clock */
    uint64_t sent, received;
    bool alloc_failed;
    bool look_failed; /* at a directory */
    bool opened;      /* the connecting began */
    bool send_was_short;
    int poll_error;
    /* adopt */
    int info_error;
    int prepare_error;
    struct sp_os_sockinfo info;
    int fd;
    struct sp_address own, peer;
};

struct socket_model {
    struct world *world;
    unsigned slot;
    bool exists;
    unsigned depth;
    struct model_frame frames[MODEL_FRAMES_MAX];

    /* What it is. */
    enum sp_state state;
    enum sp_mode mode;
    int fd;
    bool has_name;
    struct sp_address address;
    uint8_t name[SP_PATH_MAX]; /* as requested */
    size_t name_length;

    /* Configuration. */
    int connect_timeout, close_timeout; /* milliseconds */
    bool half_open;
    size_t read_limit, write_limit;
    unsigned policy; /* word of {allow} */

    /* Received: [mark, end) counts towards the limit, [begin, end) can be read. Outside a
     * transaction mark is begin. */
    uint8_t *input;
    size_t mark, begin, end;
    bool in_transaction;
    bool readable;      /* a loop said that there are bytes, and the kernel was not asked since */
    bool doubtful;      /* but bytes came since: perhaps those were all */
    bool input_ended;   /* the peer has finished */
    bool was_connected; /* reading means something */
    bool discards;      /* closed with close(): what comes is thrown away */

    /* Accepted and sent, counted from the beginning of the connection. */
    uint64_t accepted, sent, lost;
    bool output_dead;
    bool blocked; /* the kernel took less than it was offered, and the loop has not said more */

    /* Time. */
    uint64_t now; /* last reading */
    uint64_t connect_deadline;
    uint64_t retry; /* next attempt */
    uint64_t pause;
    uint64_t closing_since;
    bool stalled;
    uint64_t stalled_since;
    uint64_t stalled_until; /* 0: not known yet */

    /* Between two calls at the seam. */
    bool admitting;               /* connected; the peer is being looked at */
    int cred_error, groups_error; /* of looking at it */
    struct sp_os_cred cred;
    bool close_due; /* the descriptor is to be closed now */
    bool ending;    /* the end is certain; the descriptor is still open */
    bool ends_with_fault;
    struct model_fault end_fault;
    bool ended_by_peer;
    bool closing_begins; /* the next reading of the clock says since when */
    bool stall_begins;
    bool backlog_was_full;
    bool expired; /* CLOSING has lasted too long: it must end */
    bool probing; /* a send failed: whether the peer is gone altogether decides what is told */

    /* What is told. */
    struct model_fault fault;
    enum sp_error ended_by;
    bool any_ended_by;
    bool finish_told;
    uint64_t written; /* sent, and not told of */
    struct model_event events[SP_EVENTS_MAX];
    unsigned event_count;
    uint64_t events_lost;

    /* Loops. */
    unsigned idle_turns;
    uint64_t idle_since;
    bool progressed; /* since the last turn began */
};

/** model_begin() - of an empty slot, at the beginning of a program */
void model_begin(struct socket_model *model, struct world *world, unsigned slot);
/* What a struct world_watch is told, for operations of this model's slot. */
void model_before(struct socket_model *model, const struct operation *operation);
void model_call(struct socket_model *model, const struct sim_trace_entry *entry);
void model_event(struct socket_model *model, const struct sp_event *event);
void model_after(struct socket_model *model, const struct world_outcome *outcome);

/* ---- between the files of the model ---- */

#define MODEL_CHECK(model, condition, property, ...) \
    WORLD_CHECK((model)->world, condition, property, __VA_ARGS__)

static inline bool model_is_open(const struct socket_model *model)
{
    return model->state == SP_STATE_CONNECTED || model->state == SP_STATE_CLOSING;
}

static inline size_t model_available(const struct socket_model *model)
{
    return model->end - model->begin;
}

static inline uint64_t model_queued(const struct socket_model *model)
{
    return model->accepted - model->sent;
}

/* Bytes from the kernel are wanted. */
static inline bool model_wants_input(const struct socket_model *model)
{
    return model_is_open(model) && (model->mode & SP_READ_ONLY) != 0 && !model->input_ended &&
           (model->read_limit == 0 || model->end - model->mark < model->read_limit);
}

static inline struct model_frame *model_top(struct socket_model *model)
{
    return &model->frames[model->depth - 1];
}

uint64_t model_deadline(const struct socket_model *model);
uint64_t model_closing_deadline(const struct socket_model *model);
unsigned model_interest(const struct socket_model *model);

/* socket_model.c */
/** model_start() - the library begins to connect in the operation under way: may it? */
void model_start(struct socket_model *model);
void model_drop_input(struct socket_model *model);
/** model_forget_connection() - nothing of an earlier one is left */
void model_forget_connection(struct socket_model *model);

/* socket_model_connect.c */
void model_on_socket(struct socket_model *model, int64_t result);
void model_on_connect(struct socket_model *model, int64_t result);
void model_connect_failed(struct socket_model *model, const struct model_fault *fault);
/** model_backlog_is_full() - it was at the time of the reading of the clock that is made now */
void model_backlog_is_full(struct socket_model *model);
/** model_admit(), model_turned_away() - the peer was let in, or not; was that right? */
void model_admit(struct socket_model *model);
void model_turned_away(struct socket_model *model);

/* socket_model_end.c */
/** model_begin_end() - the connection ends; @fault NULL: as it should */
void model_begin_end(struct socket_model *model, const struct model_fault *fault);
void model_begin_closing(struct socket_model *model);
void model_peer_is_gone(struct socket_model *model);
void model_lose_output(struct socket_model *model);
/** model_may_expire() - closing has lasted as long as it may */
bool model_may_expire(const struct socket_model *model);
void model_on_close(struct socket_model *model, int fd);

/* socket_model_bytes.c */
extern const struct model_fault model_plain_end;
void model_check_receive_allowed(struct socket_model *model);
void model_on_receive(struct socket_model *model, int64_t result);
void model_on_send(struct socket_model *model, int64_t result);
/** model_stall() - a resource is missing: a pause begins */
void model_stall(struct socket_model *model);
void model_notice_end_of_stall(struct socket_model *model);

/* socket_model_seam.c */
/** model_told_of_data() - the loop said SP_IO_DATA, and the library is to remember it */
void model_told_of_data(struct socket_model *model);

/* socket_model_result.c */
void model_check_result(struct socket_model *model, const struct world_outcome *outcome);
/** model_refusal() - why an operation that begins a connection has to be refused; SP_OK if it has
 * not, and then @ret_name is the name, if it brings one */
int model_refusal(const struct socket_model *model, const struct model_frame *frame,
                  struct model_fault *ret, struct sp_address *ret_name);
/** model_refused() - a call was refused: that is the last failure now; returns @error */
int64_t model_refused(struct socket_model *model, enum sp_error error, enum sp_operation operation,
                      enum sp_cause cause);
int64_t model_no_memory(struct socket_model *model);

/* socket_model_transfer.c: what these calls must return */
int64_t model_of_reading(struct socket_model *model, const struct model_frame *frame,
                         const struct world_outcome *outcome);
int64_t model_of_get_char(struct socket_model *model, const struct model_frame *frame);
int64_t model_of_unget_char(struct socket_model *model, const struct model_frame *frame);
int64_t model_of_begin(struct socket_model *model, const struct model_frame *frame);
int64_t model_of_end_of_transaction(struct socket_model *model, bool is_taken);
int64_t model_of_write(struct socket_model *model, const struct model_frame *frame, size_t length,
                       int64_t result);
int64_t model_of_flush(struct socket_model *model, const struct model_frame *frame);
bool model_has_line(const struct socket_model *model);
/** model_line_length() - how much of a line a read of @capacity gives */
size_t model_line_length(const struct socket_model *model, size_t capacity);

/* socket_model_peer.c */
enum sp_error model_meaning(enum sp_operation operation, int os_errno);
struct model_fault model_os_fault(enum sp_operation operation, int os_errno);
/** model_judge_peer() - whether the policy lets the peer in; if not, why */
bool model_judge_peer(const struct socket_model *model, struct model_fault *ret, bool *ret_unsure);

/* socket_model_event.c */
void model_push(struct socket_model *model, enum sp_event_kind kind);
void model_push_state(struct socket_model *model, enum sp_state state);
void model_push_error(struct socket_model *model, const struct model_fault *fault);
void model_drop_events(struct socket_model *model, enum sp_event_kind kind);
/** model_settle_events() - those in front that tell of what is gone by now go */
void model_settle_events(struct socket_model *model);

#endif
