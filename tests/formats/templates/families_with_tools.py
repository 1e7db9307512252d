# ruff: noqa: E501
"""Chat templates of further families, most of which describe tools to the model."""

GRANITE = """{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set system_message = "Knowledge Cutoff Date: April 2024.\\nToday's Date: " + strftime_now('%B %d, %Y') + ".\\nYou are Granite, developed by IBM." %}
    {%- if tools and documents %}
        {%- set system_message = system_message + " You are a helpful AI assistant with access to the following tools. When a tool is required to answer the user's query, respond with <|tool_call|> followed by a JSON list of tools used." %}
    {%- elif thinking %}
        {%- set system_message = system_message + " You are a helpful AI assistant.\\nRespond to every user query in a comprehensive and detailed way. You can write down your thoughts and reasoning process before responding." %}
    {%- else %}
        {%- set system_message = system_message + " You are a helpful AI assistant." %}
    {%- endif %}
    {%- if 'citations' in controls and documents %}
        {%- set system_message = system_message + '\\n\\nIn your response, use the symbols <co> and </co> to indicate when a fact comes from a document in the search result.' %}
    {%- endif %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- '<|start_of_role|>system<|end_of_role|>' + system_message + '<|end_of_text|>\\n' }}
{%- if tools %}
    {{- '<|start_of_role|>tools<|end_of_role|>' }}{{- tools | tojson(indent=4) }}{{- '<|end_of_text|>\\n' }}
{%- endif %}
{%- for message in loop_messages %}
    {{- '<|start_of_role|>' + message['role'] + '<|end_of_role|>' + message['content'] + '<|end_of_text|>\\n' }}
    {%- if loop.last and add_generation_prompt %}
        {{- '<|start_of_role|>assistant' }}{%- if controls %}{{- ' ' + controls | tojson()}}{%- endif %}{{- '<|end_of_role|>' }}
    {%- endif %}
{%- endfor %}"""

HERMES_TOOLS = """{%- macro json_to_python_type(json_spec) %}
{%- if json_spec.type == "object" %}{%- if json_spec.additionalProperties is defined %}{{- "dict[str, " + json_to_python_type(json_spec.additionalProperties) + ']'}}{%- else %}{{- "dict" }}{%- endif %}{%- else %}{{- "Any" }}{%- endif %}
{%- endmacro %}
{{- bos_token }}
{{- '<|im_start|>system\\nYou are a function calling AI model. You are provided with function signatures within <tools></tools> XML tags. You may call one or more functions to assist with the user query. Here are the available tools: <tools> ' }}
{%- for tool in tools %}
    {%- if tool.function is defined %}{%- set tool = tool.function %}{%- endif %}
    {{- '{"type": "function", "function": ' }}
    {{- '{"name": "' + tool.name + '", ' }}
    {{- '"description": "' + tool.name + '(' }}
    {%- for param_name, param_fields in tool.parameters.properties|items %}
        {{- param_name + ": " + json_to_python_type(param_fields) }}
    {%- endfor %}
    {{- tool.parameters.properties | tojson }}
{%- endfor %}
{{- ' </tools>' }}
{%- for message in messages %}
    {%- if message.role == "tool" %}
        {%- if loop.previtem and loop.previtem.role != "tool" %}{{- '<|im_start|>tool\\n' }}{%- endif %}
        {{- '<tool_response>\\n' }}{{- message.content }}
        {%- if not loop.last %}{{- '\\n</tool_response>\\n' }}{%- else %}{{- '\\n</tool_response>' }}{%- endif %}
        {%- if not loop.last and loop.nextitem.role != "tool" %}{{- '<|im_end|>' }}{%- endif %}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}"""

SMOLLM_3 = """{%- if enable_thinking is not defined -%}{%- set enable_thinking = true -%}{%- endif -%}
{%- if enable_thinking -%}{%- set reasoning_mode = "/think" -%}{%- else -%}{%- set reasoning_mode = "/no_think" -%}{%- endif -%}
{%- if messages[0].role == "system" -%}
  {%- set system_message = messages[0].content -%}
  {%- if "/no_think" in system_message -%}{%- set reasoning_mode = "/no_think" -%}{%- elif "/think" in system_message -%}{%- set reasoning_mode = "/think" -%}{%- endif -%}
  {%- set custom_instructions = system_message.replace("/no_think", "").replace("/think", "").rstrip() -%}
{%- endif -%}
{{- "<|im_start|>system\\n" -}}
{%- if "/system_override" in system_message -%}
  {{- custom_instructions.replace("/system_override", "").rstrip() -}}{{- "<|im_end|>\\n" -}}
{%- else -%}
  {{- "## Metadata\\n\\n" -}}{{- "Knowledge Cutoff Date: June 2025\\n" -}}{%- set today = strftime_now("%d %B %Y") -%}{{- "Today Date: " ~ today ~ "\\n" -}}{{- "Reasoning Mode: " + reasoning_mode + "\\n\\n" -}}{{- "## Custom Instructions\\n\\n" -}}
  {%- if custom_instructions -%}{{- custom_instructions + "\\n\\n" -}}
  {%- elif reasoning_mode == "/think" -%}{{- "You are a helpful AI assistant named SmolLM, trained by Hugging Face. Your role as an assistant involves thoroughly exploring questions through a systematic thinking process before providing the final precise and accurate solutions." -}}
  {%- else -%}{{- "You are a helpful AI assistant named SmolLM, trained by Hugging Face.\\n\\n" -}}{%- endif -%}
{%- endif -%}
{%- for message in messages -%}
  {%- set content = message.content if message.content is string else "" -%}
  {%- if message.role == "user" -%}{{ "<|im_start|>" + message.role + "\\n" + content + "<|im_end|>\\n" }}
  {%- elif message.role == "assistant" -%}{% generation %}{{ "<|im_start|>assistant\\n" + content.lstrip("\\n") + "<|im_end|>\\n" }}{% endgeneration %}
  {%- endif -%}
{%- endfor -%}"""

GPT_OSS = """{%- macro render_typescript_type(param_spec, required_params, is_nullable=false) -%}
    {%- if param_spec.type == "array" -%}
        {%- if param_spec['items'] -%}{{- render_typescript_type(param_spec['items'], required_params) -}}[]{%- else -%}any[]{%- endif -%}
    {%- elif param_spec.type is defined and param_spec.type is iterable and param_spec.type is not string and param_spec.type is not mapping -%}
        {{- param_spec.type | join(" | ") -}}
    {%- elif param_spec.enum -%}{{- '"' + param_spec.enum|join('" | "') + '"' -}}
    {%- else -%}any{%- endif -%}
{%- endmacro -%}
{%- macro build_system_message() -%}
    {%- if model_identity is not defined %}{%- set model_identity = "You are ChatGPT, a large language model trained by OpenAI." %}{%- endif %}
    {{- model_identity + "\\n" }}{{- "Knowledge cutoff: 2024-06\\n" }}{{- "Current date: " + strftime_now("%Y-%m-%d") + "\\n\\n" }}
    {%- if builtin_tools %}{%- set browser_tool = "browser" in builtin_tools %}{%- endif %}
{%- endmacro -%}
{{- "<|start|>system<|message|>" }}{{- build_system_message() }}{{- "<|end|>" }}
{%- for message in messages -%}
    {%- if message.role == 'assistant' -%}
        {%- if "content" in message %}
            {%- if "<|channel|>analysis<|message|>" in message.content or "<|channel|>final<|message|>" in message.content %}
                {{- raise_exception("You have passed a message containing <|channel|> tags in the content field. Instead of doing this, you should pass analysis messages (the string between '<|message|>' and '<|end|>') in the 'thinking' field, and final messages in the 'content' field.") }}
            {%- endif %}
        {%- endif %}
        {{- "<|start|>assistant<|channel|>final<|message|>" + message.content + "<|return|>" }}
    {%- elif message.role == 'user' -%}
        {{- "<|start|>user<|message|>" + message.content + "<|end|>" }}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|start|>assistant{%- endif -%}"""

KIMI_K3 = """{%- macro open_tag(tag, attrs=[]) -%}
{{- '<|open|>' + tag -}}{%- for attr in attrs -%}{{- ' ' + attr[0] + '="' -}}{{- attr[1]|string|replace('&', '&amp;')|replace('"', '&quot;') -}}{{- '"' -}}{%- endfor -%}{{- '<|sep|>' -}}
{%- endmacro -%}
{%- set state = namespace(image_index=0, tool_calls=none) -%}
{%- for message in messages -%}
    {%- if message.role == 'tool' and (loop.first or messages[loop.index0 - 1].role != 'tool') -%}
        {%- set run = namespace(tool_messages=[], resolved_count=0) -%}
        {%- for candidate in messages[loop.index0:] -%}
            {%- if candidate is not mapping or candidate.role != 'tool' -%}{%- break -%}{%- endif -%}
            {%- set run.tool_messages = run.tool_messages + [candidate] -%}
            {%- set call_id = candidate.get('tool_call_id', candidate.get('id')) -%}
        {%- endfor -%}
        {%- for call in state.tool_calls if call.get('_xtml_json_block') is none -%}{{- call.get('id')|string -}}{%- endfor -%}
    {%- else -%}
        {{- open_tag('message', [('role', message.role), ('index', loop.index)]) -}}{{- message.get('content') -}}
        {%- set state.tool_calls = message.get('tool_calls') -%}
    {%- endif -%}
{%- endfor -%}"""

SEED_OSS = """{# ----------‑‑‑ special token variables ‑‑‑---------- #}
{%- set bos_token = '<seed:bos>' -%}
{%- set budget_reflections = {0: 0, 512: 128, 1024: 256} -%}
{# 找到 “大于等于 thinking_budget” 的第一个档位 #}
{%- set ns = namespace(interval = None) -%}
{%- for k, v in budget_reflections | dictsort -%}{%- if ns.interval is none and thinking_budget <= k -%}{%- set ns.interval = v -%}{%- endif -%}{%- endfor -%}
{%- if ns.interval is none -%}{%- set ns.interval = budget_reflections[1024] -%}{%- endif -%}
{%- for message in messages %}{%- if message.role in ["user", "system"] %}{{ bos_token + message.role + "\\n" + message.content }}{%- elif message.content is defined and message.content is string and message.content | trim | length > 0 %}{{ "\\n" + message.content | trim }}{%- endif %}{%- endfor %}
{%- if thinking_budget == 0 %}{{ "You are an intelligent assistant that can answer questions in one step without the need for reasoning and thinking, that is, your thinking budget is 0." }}{%- endif %}"""

FUNCTIONARY = """{%- for message in messages -%}
{%- do message.update({'role': message['role'] | lower}) if false -%}
{%- set _ = none -%}
{%- if message['role'] == 'tool' -%}{{ '%s: %s' | format(message['name'], message['content']) }}{%- else -%}{{ "{}: {}".format(message['role'], message['content']) }}{%- endif -%}
{%- set parts = [] -%}{%- set _ = parts.append(message.content) -%}
{{ parts | map('trim') | select('string') | join('\\n') }}
{%- endfor -%}"""
