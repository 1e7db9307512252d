# C types for machine.py; without a compiler this file is not used.
cimport cython

cdef unsigned long long WINDOW, PADDING, MOST_TEMPTING, STACK_SLOTS, MARK_SLOTS, MEMO_SLOTS, FAR_MEMO_SLOTS, ARENA_WORDS
cdef unsigned long long SYMBOL_SLOTS, RESULT_SLOTS, KEEP_ITEMS, MOST_COLLECTIONS, COPY_DEPTH, TRIM_ABOVE, STOPPED
cdef unsigned long long NEEDS_OWNER, BROKEN, LIMITED, LITERAL, NODE, SYMBOL, RESULT
cdef unsigned long long LOST, TUPLE, LIST, DICT, SET, FROZENSET, PERSISTENT
cdef unsigned long long CALLS_APPEND, CALLS_SETITEM, CALLS_ADD, OPEN, CLOSED, LOW_32, HIGHEST_INT
cdef unsigned long long REDUCE_CLOSED, NEWOBJ_CLOSED, BARE


cdef class Core:
    cdef unsigned long long[::1] stack
    cdef unsigned int[::1] marks
    cdef unsigned int[::1] memo_low
    cdef unsigned char[::1] memo_high
    cdef unsigned long long[::1] arena
    cdef unsigned long long[::1] old
    cdef public unsigned char[::1] symbol_mode
    cdef public unsigned char[::1] symbol_methods
    cdef public unsigned long long[::1] symbol_result
    cdef public unsigned long long[::1] symbol_calls
    cdef public unsigned char[::1] result_mode
    cdef public unsigned char[::1] result_methods
    cdef const unsigned char[::1] buffer
    cdef object source, tick, low_bytes, high_bytes
    cdef unsigned long long end, base, filled, next, frame_end
    cdef public unsigned long long position, operand, opcodes
    cdef public int opcode, protocol, max_protocol
    cdef public object reason, oddities, tempting
    cdef public bint watch_persistent
    cdef unsigned long long sp, mark_count, memo_count, memo_used, arena_used
    cdef unsigned long long stack_slots, mark_slots, memo_slots, arena_words
    cdef int collections
    cdef dict memo_far

    cdef int _map(self) except -1
    @cython.locals(used=cython.ulonglong)
    cdef int _forget(self) except -1
    @cython.locals(count=cython.ulonglong)
    cdef unsigned long long _refill(self, unsigned long long absolute) except? 99
    @cython.locals(index=cython.ulonglong, filled=cython.ulonglong, buffer="const unsigned char[::1]")
    cpdef unsigned long long line_end(self, unsigned long long absolute) except? 99
    cdef unsigned long long _far_line_end(self, unsigned long long absolute) except? 99
    cdef inline unsigned long long _room(self) noexcept
    @cython.locals(index=cython.ulonglong)
    cdef inline unsigned long long _reserve(self, unsigned long long words, unsigned long long sp) except? 99
    @cython.locals(total=cython.ulonglong, kept=cython.ulonglong, index=cython.ulonglong,
                   item=cython.ulonglong)
    cdef inline unsigned long long _pack(self, unsigned long long kind, unsigned long long first,
                                  unsigned long long last, unsigned long long offset) except? 99
    @cython.locals(index=cython.ulonglong)
    cdef inline unsigned long long _grow(self, unsigned long long kind, unsigned long long offset,
                                  unsigned long long sp) except? 99
    @cython.locals(target=cython.ulonglong, tag=cython.ulonglong, header=cython.ulonglong,
                   kind=cython.ulonglong, count=cython.ulonglong, kept=cython.ulonglong,
                   take=cython.ulonglong, chunk=cython.ulonglong, item=cython.ulonglong)
    cdef int _extend(self, unsigned long long below, unsigned long long first,
                     unsigned long long last, int method) except -1
    @cython.locals(position=cython.ulonglong, index=cython.ulonglong, value=cython.ulonglong)
    cdef int _collect(self, unsigned long long sp) except -1
    @cython.locals(index=cython.ulonglong, header=cython.ulonglong, kept=cython.ulonglong,
                   kind=cython.ulonglong, fresh=cython.ulonglong, chunk=cython.ulonglong,
                   place=cython.ulonglong, take=cython.ulonglong, item=cython.ulonglong)
    cdef unsigned long long _copy(self, unsigned long long value, int depth) except? 99
    cdef inline int _memo_put(self, unsigned long long index, unsigned long long value) except -1
    @cython.locals(value=cython.ulonglong)
    cdef inline unsigned long long _memo_get(self, unsigned long long index) except? 99
    @cython.locals(total=cython.longlong, index=cython.ulonglong, digit=cython.int)
    cdef long long _number(self, unsigned long long absolute, unsigned long long stop) except? -99
    cpdef object resume_at(self, unsigned long long absolute)
    cpdef object leave_frame(self)
    cpdef object note_failure(self)
    cpdef bint push(self, unsigned long long value) except -1
    @cython.locals(fence=cython.ulonglong)
    cpdef unsigned long long pop(self) except? 99
    @cython.locals(first=cython.ulonglong, value=cython.ulonglong)
    cpdef unsigned long long pop_mark(self, unsigned long long skip) except? 99
    @cython.locals(fence=cython.ulonglong)
    cpdef int remember(self, unsigned long long index) except -1
    cpdef unsigned long long recall(self, unsigned long long index) except? 99
    @cython.locals(result=cython.ulonglong)
    cpdef unsigned long long new_persistent(self, unsigned long long value) except? 99
    @cython.locals(index=cython.ulonglong, header=cython.ulonglong, kind=cython.ulonglong,
                   chunk=cython.ulonglong, item=cython.ulonglong)
    cpdef object describe(self, unsigned long long value)
    @cython.locals(stack=cython.ulonglong[::1], marks=cython.uint[::1],
                   buffer="const unsigned char[::1]", sp=cython.ulonglong,
                   stack_slots=cython.ulonglong, mark_count=cython.ulonglong, fence=cython.ulonglong, count=cython.ulonglong,
                   base=cython.ulonglong, filled=cython.ulonglong, pos=cython.ulonglong,
                   frame_end=cython.ulonglong, limit=cython.ulonglong,
                   op=cython.int, outcome=cython.int, size=cython.ulonglong,
                   value=cython.ulonglong, kind=cython.ulonglong, stop=cython.ulonglong,
                   number=cython.longlong, index=cython.int)
    cpdef int run(self) except -1
