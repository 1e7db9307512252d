"""Templates that reach for the interpreter, each with a twin that does not."""

CHAT = "{% for message in messages %}{{ message['role'] + message['content'] }}{% endfor %}"
SUB = "__subclasses__"

# What is malicious, and which effect it has to name.
MALICIOUS = {
    "classic": ("{{ ''.__class__.__mro__[1].__subclasses__()[132]('id') }}", "object_graph"),
    "cycler": ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "process_exec"),
    "joiner": ("{{ joiner.__init__.__globals__['os'].system('id') }}", "process_exec"),
    "namespace": ("{{ namespace.__init__.__globals__['__builtins__']['eval']('1') }}", "code_exec"),
    "lipsum": ("{{ lipsum.__globals__['os']['popen']('id')['read']() }}", "process_exec"),
    "self": ("{{ self._TemplateReference__context }}", "object_graph"),
    "self-dunder": ("{{ self.__init__.__globals__ }}", "object_graph"),
    "raise-exception": ("{{ raise_exception.__globals__ }}", "object_graph"),
    "loop-search": (
        "{% for x in ().__class__.__base__.__subclasses__() %}{% if 'warning' in x.__name__ %}"
        "{{ x()._module.__builtins__['__import__']('os').popen('id').read() }}{% endif %}"
        "{% endfor %}",
        "process_exec",
    ),
    "subscript": ("{{ messages['__class__'] }}", "object_graph"),
    "subscript-called": ("{{ messages['__len__']() }}", "object_graph"),
    "hex": ("{{ messages['\\x5f\\x5fclass\\x5f\\x5f'] }}", "object_graph"),
    "unicode": ("{{ messages['\\u005f\\u005fclass__'] }}", "object_graph"),
    "octal": ("{{ messages['\\137\\137class__'] }}", "object_graph"),
    "adjacent": ("{{ messages['__cla' 'ss__'] }}", "object_graph"),
    "tilde": ("{{ messages['__cla' ~ 'ss__'] }}", "object_graph"),
    "plus": ("{{ messages['__cla' + 'ss__'] }}", "object_graph"),
    "variables": ("{% set a = '__cla' %}{% set b = 'ss__' %}{{ messages[a ~ b] }}", "object_graph"),
    "variable-whole": ("{% set k = '__class__' %}{{ messages[k] }}", "object_graph"),
    "tuple-set": ("{% set a, b = '__cla', 'ss__' %}{{ messages[a + b] }}", "object_graph"),
    "ns-set": (
        "{% set ns = namespace() %}{% set ns.k = '__class__' %}{{ messages[ns.k] }}",
        "object_graph",
    ),
    "set-block": ("{% set k %}__class__{% endset %}{{ messages[k] }}", "object_graph"),
    "join-filter": ("{{ messages[['__', 'class', '__']|join] }}", "object_graph"),
    "join-separator": ("{{ messages[['', 'class', '']|join('__')] }}", "object_graph"),
    "join-characters": (
        "{{ messages[['_','_','c','l','a','s','s','_','_']|join('')] }}",
        "object_graph",
    ),
    "join-method": ("{{ messages['__'.join(['', 'class', ''])] }}", "object_graph"),
    "dict-join": ("{{ messages[dict(__cla=1, ss__=2)|join] }}", "object_graph"),
    "dict-join-list": ("{{ messages[(dict(__class__=1)|list)[0]] }}", "object_graph"),
    "format-filter": ("{{ messages['%s%s%s'|format('__', 'class', '__')] }}", "object_graph"),
    "format-codes": ("{{ messages['%c%c%s'|format(95, 95, 'class__')] }}", "object_graph"),
    "format-method": ("{{ messages['{}class{}'.format('__', '__')] }}", "object_graph"),
    "format-percent": ("{{ messages['%sclass%s' % ('__', '__')] }}", "object_graph"),
    "replace": ("{{ messages['xxclassxx'|replace('x', '_')] }}", "object_graph"),
    "replace-method": ("{{ messages['--class--'.replace('-', '_')] }}", "object_graph"),
    "reversed": ("{{ messages['__ssalc__'[::-1]] }}", "object_graph"),
    "reverse-filter": ("{{ messages['__ssalc__'|reverse] }}", "object_graph"),
    "lower": ("{{ messages['__CLASS__'|lower] }}", "object_graph"),
    "multiplied": ("{{ messages['_' * 2 ~ 'class' ~ '_' * 2] }}", "object_graph"),
    "sliced": ("{{ messages['xx__class__'[2:]] }}", "object_graph"),
    "conditional": ("{{ messages['__class__' if tools else 'role'] }}", "object_graph"),
    "assembled-unused": ("{% set k = '__glo' ~ 'bals__' %}{{ k }}", "object_graph"),
    "attr": ("{{ messages|attr('__class__') }}", "object_graph"),
    "attr-single": ("{{ self|attr('_TemplateReference__context') }}", "object_graph"),
    "attr-computed": ("{{ messages|attr('__cla' ~ 'ss__') }}", "object_graph"),
    "attr-unknown": ("{{ messages|attr(tools[0]) }}", "object_graph"),
    "attr-format": ("{{ '{0.x}'|attr('format_map')(messages) }}", "object_graph"),
    "map-attribute": ("{{ [messages]|map(attribute='__class__')|list }}", "object_graph"),
    "map-dotted": ("{{ [messages]|map(attribute='content.__class__')|list }}", "object_graph"),
    "map-attr": ("{{ [messages]|map('attr', '__class__')|list }}", "object_graph"),
    "map-attr-unknown": ("{{ [messages]|map('attr', tools)|list }}", "object_graph"),
    "selectattr": ("{{ messages|selectattr('__class__')|list }}", "object_graph"),
    "groupby": ("{{ messages|groupby('__class__') }}", "object_graph"),
    "sort": ("{{ messages|sort(attribute='__class__') }}", "object_graph"),
    "format-field": ("{{ '{0.__class__}'.format(messages) }}", "object_graph"),
    "format-item": ("{{ '{0[__globals__]}'.format(messages) }}", "object_graph"),
    "format-kept": ("{% set f = '{0.__class__}'.format %}{{ f(messages) }}", "object_graph"),
    "include": ("{% include '/etc/passwd' %}", "import_resolve"),
    "import": ("{% import 'other' as other %}", "import_resolve"),
    "from": ("{% from 'other' import thing %}", "import_resolve"),
    "extends": ("{% extends 'other' %}", "import_resolve"),
    "frame": ("{{ (messages|map('upper')).gi_frame.f_builtins }}", "object_graph"),
    "mro": ("{{ messages.mro() }}", "object_graph"),
    "popen": ("{{ tools.popen('id') }}", "process_exec"),
    "eval": ("{{ eval('1') }}", "code_exec"),
    "open": ("{{ open('/etc/passwd').read() }}", "file_read"),
    "image-save": ("{{ messages[0].content[0].image.save('/tmp/x') }}", "file_write"),
    "getattr": ("{{ getattr(messages, 'x') }}", "object_graph"),
    "in-macro": ("{% macro f() %}{{ ''.__class__ }}{% endmacro %}{{ f() }}", "object_graph"),
    "in-default": ("{% macro f(a=''.__class__) %}{% endmacro %}{{ f() }}", "object_graph"),
    "in-call-block": ("{% call f() %}{{ ''.__class__ }}{% endcall %}", "object_graph"),
    "in-filter-block": ("{% filter replace(''.__class__, 'x') %}y{% endfilter %}", "object_graph"),
    "in-generation": ("{% generation %}{{ ''.__class__ }}{% endgeneration %}", "object_graph"),
    "in-set-block": ("{% set x %}{{ ''.__class__ }}{% endset %}", "object_graph"),
    "in-if-filter": ("{% for m in messages if m.__class__ %}{% endfor %}", "object_graph"),
    "in-test": ("{{ messages is sameas(messages.__class__) }}", "object_graph"),
    "in-slice": ("{{ messages[''.__class__:] }}", "object_graph"),
    "in-dict": ("{{ {'a': ''.__class__}['a'] }}", "object_graph"),
    "in-keyword": ("{{ dict(a=''.__class__) }}", "object_graph"),
    "in-block": ("{% block b %}{{ ''.__class__ }}{% endblock %}", "object_graph"),
    "in-with": ("{% with a = ''.__class__ %}{{ a }}{% endwith %}", "object_graph"),
    "deep-chain": ("{{ x" + ".a" * 900 + ".__class__ }}", "object_graph"),
}

SUSPICIOUS = {
    "unknown-global": "{{ lookup('x') }}",
    "unknown-method": "{{ tools.frobnicate() }}",
    "unknown-filter": "{{ messages|frobnicate }}",
    "unknown-test": "{{ messages is frobnicated }}",
    "attr-plain": "{{ messages|attr('append') }}",
    "lipsum": "{{ lipsum(n=1) }}",
    "self": "{{ self|string|list }}",
    "assembled-unknown": "{{ messages['_' ~ tools ~ '_'] }}",
    "computed-filter": "{{ messages|map(tools) }}",
    "indirect-call": "{{ messages[0](1) }}",
    "macro-list-by-name": (
        "{% macro a() %}{% endmacro %}{% set f = [a] %}{% for m in messages %}"
        "{{ f[m.role]() }}{% endfor %}"
    ),
    "macro-list-and-more": (
        "{% macro a() %}{% endmacro %}{% set f = [a] %}{% set f = f + [bos_token.format] %}"
        "{{ f[0]() }}"
    ),
    "macro-list-in-a-loop": (
        "{% macro a() %}{% endmacro %}{% set f = [a] %}{% for f in messages %}"
        "{{ f[0]() }}{% endfor %}"
    ),
    "macro-list-of-another": (
        "{% macro a() %}{% endmacro %}{% set a = bos_token.format %}{% set f = [a] %}{{ f[0]() }}"
    ),
    "macro-list-by-two": (
        "{% macro a() %}{% endmacro %}{% set f = [a] %}{% set i = messages %}"
        "{% for i in range(1) %}{{ f[i]() }}{% endfor %}"
    ),
    "call-of-call": "{{ range(1)() }}",
    "alias-called": "{% set f = tools.f %}{{ f() }}",
    "internal-string": "{{ '__subclasses__' in messages }}",
    "private": "{{ messages._private }}",
    "bidirectional": "{{ 'a\u202eb' }}",
    "zero-width": "{{ 'ignore\u200b' }}",
    "tags": "{{ 'x' }}\U000e0041\U000e0042",
    "joiner-in-ascii": "{{ 'us\u200der' }}",
}

NEAR_MISSES = {
    "role-subscript": "{{ messages[0]['role'] }}",
    "underscore-key": "{{ messages[0]['_meta'] }}",
    "underscore-name": "{% set _ = messages.append(1) %}",
    "assembled-key": "{% set k = 'con' ~ 'tent' %}{{ messages[0][k] }}",
    "computed-index": "{{ messages[loop.index0 + 1] }}{{ messages[1 % 2] }}",
    "variable-key": "{% for k in messages[0] %}{{ messages[0][k] }}{% endfor %}",
    "join-words": "{{ ['a', 'b']|join(', ') }}",
    "format-words": "{{ '%s: %s'|format('a', 'b') }}{{ '{}'.format('a') }}",
    "format-key": "{{ tools[0].format }}{{ tools[0]['format'] }}",
    "dunder-text": "<__media__>{{ '<__image__>' }}",
    "dunder-marker": "{{ '__media__' in messages }}",
    "class-word": "{{ messages[0]['class'] }}{{ messages.globals }}",
    "map-attribute": "{{ messages|map(attribute='content')|join }}",
    "groupby": "{{ messages|groupby('role') }}",
    "macro-called": "{% macro system(x) %}{{ x }}{% endmacro %}{{ system('a') }}",
    "macro-list": (
        "{% macro a() %}{% endmacro %}{% set f = [] %}{% set f = f + [a] %}"
        "{% for i in range(f|length) %}{{ f[i](*[1]) }}{% endfor %}"
    ),
    "joiner": "{% set comma = joiner(', ') %}{{ comma() if false }}",
    "items-method": "{% for k, v in tools.items() %}{{ k }}{% endfor %}",
    "cycle": "{% for m in messages %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "emoji": "{{ '\U0001f468\u200d\U0001f4bb' }}",
    "persian": "{{ '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645' }}",
    "hebrew-mark": "{{ '\u05d0\u200f' }}",
    "fullwidth": "{{ '<\uff5cUser\uff5c>' }}",
}
