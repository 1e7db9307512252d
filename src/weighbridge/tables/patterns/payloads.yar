// Bytes of known payloads and of what fetches them. No model has a use for any of them.
//
// Each pattern is long enough that numbers do not have it by chance: eight fixed bytes occur once
// in 1.8e19 places. Each says in `source` where its bytes are documented, in `effect` what the
// payload does (a row of effects.tsv), and in `benign` what comes close and is not it; a test makes
// both. Conditions look at texts and bytes only: files are searched in windows, so neither sizes
// nor places mean anything.

rule eicar_test_file
{
    meta:
        description = "the EICAR test file, which stands for malware in tests"
        source = "EICAR, Anti-Malware Testfile"
        effect = "process_exec"
    strings:
        $text = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    condition:
        $text
}

rule metasploit_windows_x64
{
    meta:
        description = "a payload of Metasploit for Windows (x64)"
        source = "metasploit-framework, external/source/shellcode/windows/x64/src/block/block_api.asm"
        effect = "process_exec"
    strings:
        $start = { FC 48 83 E4 F0 E8 ?? 00 00 00 41 51 41 50 52 51 56 48 31 D2 65 48 8B 52 60 }
    condition:
        $start
}

rule metasploit_windows_x86
{
    meta:
        description = "a payload of Metasploit for Windows (x86)"
        source = "metasploit-framework, external/source/shellcode/windows/x86/src/block/block_api.asm"
        effect = "process_exec"
    strings:
        $by_eax = { FC E8 ?? 00 00 00 60 89 E5 31 C0 64 8B 50 30 8B 52 0C 8B 52 14 }
        $by_edx = { FC E8 ?? 00 00 00 60 89 E5 31 D2 64 8B 52 30 8B 52 0C 8B 52 14 }
        $other = { FC E8 ?? 00 00 00 60 31 D2 89 E5 64 8B 52 30 8B 52 0C 8B 52 14 }
    condition:
        any of them
}

rule shellcode_linux_shell
{
    meta:
        description = "machine code that starts a shell on Linux"
        source = "metasploit-framework, modules/payloads/singles/linux/x64/exec.rb and x86/exec.rb"
        effect = "process_exec"
    strings:
        $x64 = { 48 B8 2F 62 69 6E 2F 73 68 00 99 50 54 5F 52 }
        $x64_older = { 6A 3B 58 99 48 BB 2F 62 69 6E 2F 73 68 00 53 48 89 E7 }
        $x86 = { 31 C0 50 68 2F 2F 73 68 68 2F 62 69 6E 89 E3 }
    condition:
        any of them
}

rule stager_linux_reverse_tcp
{
    meta:
        description = "machine code that fetches a program over TCP and runs it on Linux"
        source = "metasploit-framework, modules/payloads/stagers/linux/x64/reverse_tcp.rb"
        effect = "network"
    strings:
        $x64 = { 31 FF 6A 09 58 99 B6 10 48 89 D6 4D 31 C9 6A 22 41 5A }
    condition:
        $x64
}

rule cobalt_strike_beacon
{
    meta:
        description = "the configuration or loader of a Cobalt Strike beacon"
        source = "SentinelOne, CobaltStrikeParser; Didier Stevens, 1768.py"
        effect = "network"
    strings:
        $version3 = { 69 68 69 68 69 6B ?? ?? 69 6B 69 68 69 6B ?? ?? 69 6A }
        $version4 = { 2E 2F 2E 2F 2E 2C ?? ?? 2E 2C 2E 2F 2E 2C ?? ?? 2E 2D }
        $loader = { 4D 5A 41 52 55 48 89 E5 48 81 EC 20 00 00 00 48 8D 1D }
    condition:
        any of them
}

rule reverse_shell_text
{
    meta:
        description = "the text of a shell that is handed to another machine"
        source = "MITRE ATT&CK T1059.004, T1059.006; GTFOBins"
        effect = "network"
    strings:
        $bash = /bash -i [0-9]{0,3}>& ?\/dev\/tcp\/[0-9a-zA-Z._-]{4,80}\/[0-9]{1,5}/
        $python = /import socket,(subprocess,os|os,pty|os,subprocess);s=socket\.socket\(/
        $netcat = /mkfifo \/tmp\/[a-z]{1,8}; ?(cat|nc) /
    condition:
        any of them
}

rule powershell_cradle
{
    meta:
        description = "a command of PowerShell that fetches a program and runs it unseen"
        source = "MITRE ATT&CK T1059.001"
        effect = "network"
    strings:
        $fetch = /IEX ?\(? ?\(? ?New-Object (System\.)?Net\.WebClient\)\.DownloadString\(/ nocase ascii wide
        $hidden = /powershell(\.exe)? (-nop|-noni|-ep bypass|-exec bypass)[a-z \-]{0,60} -(e|enc|encodedcommand) [A-Za-z0-9+\/=]{40}/ nocase ascii wide
    condition:
        any of them
}

rule python_packed_code
{
    meta:
        description = "Python that unpacks and runs hidden code"
        source = "MITRE ATT&CK T1027, T1059.006"
        effect = "code_exec"
    strings:
        $base64 = /exec\(\s{0,4}(__import__\(['"](base64|zlib|marshal)['"]\)|base64|zlib|marshal)\.(b64decode|decompress|loads)\(/
    condition:
        $base64
}

rule monero_miner
{
    meta:
        description = "the XMRig miner, which mines for somebody else"
        source = "xmrig, src/donate.h and src/net/strategies/DonateStrategy.cpp; MITRE ATT&CK T1496"
        effect = "process_exec"
    strings:
        $host = "donate.v2.xmrig.com"
        $name = "xmrig" nocase
        $pool = "stratum+tcp://"
        $work = "randomx"
    condition:
        $host or ($name and $pool and $work)
}

rule mimikatz
{
    meta:
        description = "Mimikatz, which reads credentials out of Windows"
        source = "gentilkiwi, mimikatz; MITRE ATT&CK S0002"
        effect = "file_read"
    strings:
        $author = "gentilkiwi" ascii wide
        $command = "sekurlsa::logonpasswords" ascii wide
    condition:
        all of them
}

rule sliver_implant
{
    meta:
        description = "an implant of Sliver, which is steered over the network"
        source = "BishopFox, sliver; MITRE ATT&CK S0633"
        effect = "network"
    strings:
        $package = "github.com/bishopfox/sliver/implant/sliver"
        $protocol = "sliverpb.Register"
    condition:
        all of them
}
