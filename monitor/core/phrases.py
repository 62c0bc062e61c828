"""The words of shop talk, Chinese and English, that ``words`` knows without any rules.

Phrases are regular expressions, matched in lower case after NFKC (full-width signs are
then half-width). Chinese is written in simplified characters; traditional text is
brought to them before matching. Every repetition is bounded or possessive.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words the classifier knows, as tuples of regular expressions.

    ``*_zh`` match anywhere, ``*_en`` only as whole words. No capturing groups.

    Attributes:
        polite_zh: words that alone are courtesy; polite_en likewise.
        polite_with_zh: words that may stand beside them; polite_with_en likewise.
        emoticons: smileys written with ordinary characters.
        asks_zh: what makes a text a question, beside a question mark; asks_en likewise, at the start of a clause.
        asks_not_zh: statements that hold a question's words.
        holding_zh: holding words, with what they look up; holding_en likewise.
        holding_with_zh: words that go along with holding and say nothing further; holding_with_en likewise.
        empty_zh: words without weight; empty_en likewise.
        answers_zh: signs that what is left beside holding words is an answer; answers_en likewise.
        greeting_zh: words that only greet; greeting_en likewise.
        greeting_with_zh: words that may stand beside them; greeting_with_en likewise.
        not_understood: what a bot says that did not understand.
        holding_signs: plain strings, one of which is in every text that ``holding_zh`` or ``holding_en`` matches; they
            spare most texts the dearer search. Empty: search always.
    """

    polite_zh: tuple[str, ...]
    polite_en: tuple[str, ...]
    polite_with_zh: tuple[str, ...]
    polite_with_en: tuple[str, ...]
    emoticons: tuple[str, ...]
    asks_zh: tuple[str, ...]
    asks_en: tuple[str, ...]
    asks_not_zh: tuple[str, ...]
    holding_zh: tuple[str, ...]
    holding_en: tuple[str, ...]
    holding_with_zh: tuple[str, ...]
    holding_with_en: tuple[str, ...]
    empty_zh: tuple[str, ...]
    empty_en: tuple[str, ...]
    answers_zh: tuple[str, ...]
    answers_en: tuple[str, ...]
    greeting_zh: tuple[str, ...]
    greeting_en: tuple[str, ...]
    greeting_with_zh: tuple[str, ...]
    greeting_with_en: tuple[str, ...]
    not_understood: tuple[str, ...]
    holding_signs: tuple[str, ...] = ()


_NUMBER_ZH = r"(?:[0-9]{1,3}|[一二两三四五六七八九十]{1,3}|半)"
_TIME_ZH = (
    rf"(?:{_NUMBER_ZH}(?:[-~至到]{_NUMBER_ZH})?(?:个半|个)?(?:秒钟?|分钟?|小时|钟头|刻钟)|半个?(?:小时|钟头|分钟))"
)
_NUMBER_EN = r"(?:[0-9]{1,3}|an?|one|two|three|four|five|six|seven|eight|ten|fifteen|twenty|thirty|half an)"
_TIME_EN = rf"(?:{_NUMBER_EN}(?: ?(?:-|to) ?{_NUMBER_EN})? ?(?:seconds?|secs?|minutes?|mins?|hours?|hrs?))"

# Up to ten letters of what is looked up ("库存", "您的地址", "有没有货"), stopping where an answer begins.
_LOOKED_UP_ZH = (
    r"(?>(?:(?:还?有没有|是否|是不是|能不能|可不可以|会不会|还?有无)[^\W\d_]{0,8}|"
    r"(?![有没无可能不是行对会]|发[货出]|退款|下单)[^\W\d_]){0,10})"
)
_LOOKED_UP_EN = (
    r"(?>(?: (?!(?:yes|no|it's|its|it is|we have|we do|is|are|available|because|and it|and we|"
    r"so)\b)[a-z0-9'/-]{1,20}){0,8})"
)

BUILT_IN = Phrases(
    polite_zh=(
        r"好[的滴哒嘞呀啊哦喔噢吧呢哈啦咧勒叭嘛]{0,3}",
        r"好[极棒]了",
        r"可以[的啊呀哦了啦呢哈]{0,2}",
        r"[嗯恩唔昂]+[哼呐呢啊哦哪]?",
        r"号的|得嘞|得(?=[\s\W]|$)|妥+[了的]*|xiexie|haode",
        r"[哦噢喔]+",
        r"行[的吧啊呀啦了]?",
        r"中|成",
        r"[对是][的啊呀哦滴]?",
        r"没错",
        r"收到[了啦哦]?",
        r"(?:明白|知道|了解|懂|清楚|晓得|理解)[了啦哦的]*",
        r"[谢蟹]{1,4}[了啦咯哦呀喽]?",
        r"(?:感谢|多谢|感恩|谢过|万谢)",
        r"(?:辛苦|麻烦|打扰|劳烦|费心|有劳)(?:[你您]们?)?[了啦]|辛苦",
        r"不好意思",
        r"(?:不用|不必|别|不)?客气[了啦]?",
        r"不用谢|劳驾了?|爱你",
        r"没(?:有)?(?:别|其他)的[了啦]?",
        r"没事[了的儿]?",
        r"没关系|没问题",
        r"不用[了啦]",
        r"再见|拜拜|晚安|回见|回聊|下次聊",
        r"哈{2,}|嘿{2,}|呵{2,}|嘻{2,}",
        r"(?:就|先|那)?这样[吧了啦]?",
        r"太?(?:棒|赞)[了啦]?",
        r"厉害|完美|给力|满意|放心[了啦]",
        (
            r"祝(?:[你您]们?|老板|店家|客服)?(?:生意(?:兴隆|红火)|工作(?:顺利|愉快)|天天开心|开心|愉快|"
            r"新年快乐|节日快乐|周末愉快)"
        ),
        r"生意兴隆|生意红火",
        r"比心|么么哒|撒花",
        r"3q|okk+|okok|ojbk",
    ),
    polite_en=(
        r"(?:many |big |great )?(?:thanks|thanx|thank (?:you|u|ya)|thankyou|thx|tks|thnx|ty|tysm|tyvm|cheers)",
        r"(?:okey|okie) dok(?:ey|ie)|o+k+(?:ay|ey|ie|y)?|kk?|oki",
        r"al+right|all right|all (?:good|set|sorted|clear)",
        r"(?:for )?sure(?: thing)?|of course|certainly|absolutely|definitely",
        r"ye[sp]|yeah|yup|ya|right|exactly|correct|indeed|agreed",
        (
            r"(?:very |so |all )?(?:great|cool|perfect|nice|awesome|excellent|wonderful|amazing|good|"
            r"fine|fantastic|super|sweet|brilliant|lovely|helpful)"
        ),
        r"(?:that )?(?:sounds|works|looks) (?:good|great|fine|perfect|for me)|that works|you too",
        r"(?:no|nope|nah)(?=,? (?:thanks?|thank you|that'?s (?:all|it)|all good|i'?m good)\b)",
        r"got it|gotcha|i (?:see|understand|got it)|understood|noted|roger(?: that)?|copy that",
        r"(?:that |it )?makes sense|will do",
        (
            r"no (?:problem|worries|prob)|never ?mind|nvm|np|(?:you'?re|u'?re|ur) (?:the best|great|awesome|welcome)|"
            r"you rock|(?:you are )?welcome"
        ),
        r"bye(?: ?bye)?|good ?bye|good ?night|see (?:you|ya)(?: around| later| soon| then)?|take care|later",
        (
            r"(?:have|enjoy) (?:a|an|your|the) (?:nice|good|great|lovely|wonderful)? ?(?:day|one|"
            r"evening|night|weekend|rest of your day)"
        ),
        (
            r"(?:i |we )?(?:really )?appreciate (?:it|that|your (?:help|time|support)|the help)|"
            r"(?:much |very )?appreciated"
        ),
        (
            r"that(?:'?s| is) (?:all|it|great|perfect|fine|ok|okay|good|cool|awesome|helpful|"
            r"very helpful)|that (?:helps|helped)(?: a lot)?|that was (?:very |really |so )?(?:helpful|great|perfect)"
        ),
        r"lol|haha(?:ha)*|hehe(?:he)*|wow|yay|hooray",
    ),
    polite_with_zh=(
        r"亲爱的|亲+[哦啊呀]?",
        r"老板娘?|店家|掌柜的?|客服|小姐姐|小哥哥|姐姐?|哥哥?|美女|帅哥|小二|大哥|大姐|老师|宝宝?",
        r"(?!你好|您好)[你您](?:们|的(?:耐心)?(?:解答|帮助|回复|推荐|介绍|服务))?",
        r"耐心|解答|帮助|帮忙|回复|推荐",
        r"非常|十分|太|很|真|那[么就]?|就|先|都|了|啦|哈|啊|呀|哦|喔|呢|的|滴|哒|咯|喽|嘞|额|呃|诶|哎|吧|也|我|已经?",
        r"没有?了|不了",
    ),
    polite_with_en=(
        r"(?:very|so|too) much|a (?:lot|bunch|ton|million)|again|anyways?|tho|though|then|too|so",
        (
            r"for (?:all )?(?:the|your|ur|that|this)?(?: \w{4,9})? ?(?:help|helping|reply|replying|"
            r"response|answers?|info|information|link|update|support|assistance|time|patience|"
            r"clarification|explanation|tip|advice|service|heads up|quick reply)(?: me)?"
        ),
        r"for (?:everything|that|this|helping(?: me)?|clarifying(?: that)?)",
        r"oh|ah|aha|ooh?|hmm*|uh|um|well|mm+|hey|and|very|really|just",
        r"guys?|all|everyone|everybody|man|mate|bro|buddy|sir|madam|ma'am|dear|team|friend|sweetie|boss|folks|there",
        r"you (?:too|as well|guys|all)",
    ),
    emoticons=(
        r"[:;=x8][-'^o]?[)(dpo3/|*]+(?![a-z0-9])",
        r"[(<>=]{0,2}[\^t;]_+[\^t;][)=>]{0,2}|\^\^+|<3",
        r"/:[0-9]{3}|/:[-^_a-z<>$@%*]{1,4}",
        r":\+1:|:[a-z_]{2,20}:|emoji-[a-z-]{2,20}",
        (
            r"\[(?:微笑|笑脸|笑|大笑|呲牙|龇牙|偷笑|憨笑|坏笑|愉快|可爱|害羞|调皮|得意|开心|玫瑰|鲜花|"
            r"花|爱心|心|比心|爱你|飞吻|亲亲|么么哒|拥抱|抱抱|握手|抱拳|合十|谢谢|感谢|强|赞|点赞|棒|"
            r"鼓掌|胜利|耶|好的|ok|太阳|加油|再见|拜拜|流泪|大哭|捂脸|笑哭|破涕为笑|旺柴|嘿哈|哇|色|晕|"
            r"汗|尴尬|流汗|可怜|委屈|庆祝|礼物|蛋糕|红包|表情|smile|rose|heart|thumbs ?up|sticker)\]"
        ),
    ),
    # Each alternative begins with a plain character: the search then skips to these, and is six times cheaper.
    asks_zh=(
        r"吗|嘛(?=[\s\W]|$)|么(?<![什怎这那要多]么)(?=[\s\W]|$)",
        r"什么|啥|多少|多[大高重长宽久远厚深]|怎么|怎样|咋|哪|谁|为何|如何|几(?![乎何率])",
        (
            r"请问|有没有|是不是|是否|能否|可否|需不需要|可不可以|要不要|能不能|会不会|好不好|行不行|"
            r"用不用|在不在|够不够"
        ),
        r"对不对|喝不喝|吃不吃|穿不穿|喜不喜欢",
        r"还是(?<=[^\s\W]还是)(?![建推很比非蛮挺可有要会没不能得需最])",
        r"对吧(?=[\s\W]|$)|是吧(?=[\s\W]|$)",
        r"要不(?=[\s\W]|$)|在不(?=[\s\W]|$)|行不(?=[\s\W]|$)|好不(?=[\s\W]|$)|能不(?=[\s\W]|$)|可以不(?=[\s\W]|$)",
        r"了没有?(?=[\s\W]|$)|过没有?(?=[\s\W]|$)",
        *(rf"{who}(?<![^\s\W]{who})[^\s\W]{{1,4}}呢(?=[\s\W]|$)" for who in "那您你"),
        r"需要的话|想要的话|要的话|(?:可以|方便|合适|喜欢)的话[^\s\W]{0,4}(?:我|给您|帮您|为您)",
        r"回复?(?:数字)?[0-9]|扣(?:数字)?[0-9]",
        r"请[您你]?再?(?:确认|核对)",
        *(rf"{who}[您你]?再?(?:确认|核对)(?:一?下|好)" for who in ("麻烦", "您", "你", "亲")),
    ),
    asks_en=(
        (
            r"what(?! an? |ever| you (?:need|can|see|have to)\b| we(?:'re| are| do)\b| makes us|"
            r" i (?:thought|mean)\b)(?:'?s)? \w"
        ),
        r"which (?:one|size|colou?r|model|style|item|version|product|type|country|city|order|day|phone|device)s?\b",
        r"which(?: of (?:our|the|these|those))? \w{1,20} (?:do|does|did|would|is|are|was|will|should|have|can)\b",
        (
            r"(?:when|where|why|who)(?:'?s| (?:do|does|did|is|are|was|were|will|would|can|could|should|"
            r"have|has|exactly)\b)"
        ),
        (
            r"how (?:many|much|long|tall|big|wide|high|deep|heavy|thick|old|far|often|soon|about|"
            r"come|do|does|did|can|could|is|are|would|will|should)\b"
        ),
        (
            r"(?:is|are|was|were|does|did|can|could|would|will) (?:you|u|i|we|it|that|this|there|they|"
            r"he|she|these|those|the|your|my|any|anyone|someone)\b"
        ),
        r"(?:do|have|has|had) (?:you|u|they|these|those|it|we)\b|(?:should|shall|may) (?:i|we|it|they|there)\b",
        r"(?:could|can|would|may|might) (?:you|i|we) (?:please )?(?:have|know|tell|share|send|confirm)\b",
        r"(?:any|anything|anyone) (?:else|idea|ideas|thoughts|questions|other)\b",
        r"(?:do|would) you (?:mind|like|want|prefer|need)\b",
        r"please confirm\b|reply (?:yes|y|1)\b|let me know (?:which|what|whether|how many)\b",
    ),
    asks_not_zh=(
        (
            r"(?:有|若有|如有|如果有|要是有)(?:任何|其他|其它|什么|啥|哪里|哪些|哪方面|不懂|不清楚|"
            r"不明白|的|需要|想|疑问|问题|不懂的|不清楚的|地方|了解)*(?:,|\s)?(?:都|也|就)?(?:请|您|你|"
            r"亲|可以|可|随时|尽管|再|欢迎|直接|及时|都)+(?:[^\s\W]{0,8})"
        ),
        (
            r"没什么|没啥|没多少|不怎么|什么(?:都|的都)|怎么[^\s\W]{0,3}都|哪[个款种里儿](?:都|也)|"
            r"多少都|无论(?:什么|怎么|哪)|不管(?:什么|怎么|哪|多)"
        ),
        r"[这那近前好十过后头隔差]几|多[备买囤留拍]?几|[备囤]几|几[次天双件个]就",
        r"(?:检查|查看|看看?|注意|留意|\[)[^\s\W]{0,10}?是否|看不出(?:来|是)*什么|不(?:清楚|知道|会)(?:如何|怎么)",
        r"(?:教|教您|教你|说明|告诉|知道|看看?|介绍)(?:您|你)?(?:怎么|如何|怎样)",
        r"不要不|好不容易|(?:干吗|干嘛)不",
        r"(?:老|亲|您|你)谁谁",
    ),
    holding_zh=(
        r"稍[~.]{0,3}(?:稍|微)?[~.]{0,3}等?(?:一等|等一?下|候一?下|等|候)"
        r"(?:一?下|一(?:小|丢丢|丢|点点)?会?儿?会?儿?|片刻|几?分钟)?",
        (
            r"请?(?:耐心)?等(?:待|候)(?:一?下|一?会儿?|片刻)?|(?:再)?等(?:我|下我)?(?:一?下(?!单)|一?会儿?|"
            r"一等|片刻|会儿?|一?哈)[下哈哦]*|等等[哈哦呀]?(?:(?:就|再)?(?:回|告诉)(?:您|你))?|请稍|候一下"
        ),
        (
            r"等我(?:的)?(?:消息|回复|信儿?|看看|问问|查完|问完|几秒|半分钟)?(?:再)?(?:跟|和|给)?(?:您|你)?[说讲]?"
            r"[哈哦呀啊呢]?(?=[\s\W]|$)"
        ),
        r"(?:让|叫|害)?(?:您|你|亲)?久等[了啦]?",
        (
            rf"(?<![您你])(?>(?:(?:我们?|这边|小编|客服|小妹|马上|立即|立刻|这就|现在|正在|先|再|得|去|来|帮忙|"
            rf"帮|替|为|跟|和|向|与|同|让)(?:您|你|亲|同事|仓库|老板|厂家|师傅|工厂|技术|财务|物流|快递|"
            rf"店长|主管|领导|采购|设计师|快递员)?(?!我)){{1,5}})(?:[看查问测算找量翻试瞅瞧想]|确认|核实|咨询|核对|了解|查询|查看|沟通|请教|"
            rf"反馈|联系|请示|申请|登记|催|处理|安排)(?:一?下|一哈|看|问|查|询|翻|找|算|量|想|瞅|瞧|"
            rf"下看)(?![了过到好]){_LOOKED_UP_ZH}"
        ),
        (
            rf"(?:正在|马上|这就|立即|立刻|现在)(?:去|为|帮|给|就|替)?(?:您|你)?(?:去|查|看|问|核实|确认|"
            rf"查询|查看|核对|处理|安排|联系)(?![了过到好]){_LOOKED_UP_ZH}"
        ),
        r"(?<![您你])(?:我|帮|替|给(?=[您你]))(?:来|去|先|这就|您|你|帮){0,3}(?:查|问|看|核实|确认|查询)[看问查]?"
        r"[哈哦啊呢的]?(?=[\s\W]|$)",
        r"(?:^|(?<=[\s\W]))(?:看|查|问|核实|确认|查询)(?:一?下|看|问|查)[哈哦啊呢的]{0,2}(?=[\s\W]|$)",
        r"(?:^|(?<=[\s\W]))(?:要|需要|得|还要)?(?:先|再|去)?(?:问|找|算|量|翻|想|瞅|瞧)(?:一?下|问|找|算|量|翻|想|瞅|瞧)"
        r"(?![了过到好])[^\W\d_]{0,5}(?=[\s\W]|$)",
        r"(?:需要|要|得)(?:先|再)?(?:核实|确认|核对|查证)(?:一?下)?",
        # Whatever an agent does "一下" for the buyer; but "我帮您备注一下" grants what was asked.
        r"(?<![您你])(?:我(?:这边)?|小妹|小编|(?:我)?[帮给替为](?:您|你))(?:去|来|先|再|现在|马上|得|也|到后台)*"
        r"(?!备注|改|留|换|取消|[加送包发退补减抹免])[^\W\d_]{1,3}(?:一?下|一哈)[哈哦呢啊呀吧]{0,2}(?=[\s\W]|$)",
        r"(?:给(?:您|你)|您)?(?:查|问|看|找|算|翻)(?:着|到一半)呢?",
        r"(?:^|(?<=[\s\W]))(?:[一1两2几]分钟|[0-9一二三几]{1,2}秒钟?)[哈哦啊呢]?(?=[\s\W]|$)",
        r"(?:客服)?(?:很快|马上|尽快|稍后|随后)(?:就)?(?:会)?(?:给|跟|和|找|喊)?(?:您|你)?(?:回复|回|答复|联系|处理|说)(?:您|你)?",
        r"(?:^|(?<=[\s\W])|我|已经|人)(?:正|还)?(?:在|去)(?:看|查|问|找|算|核实|确认|处理|沟通|联系)(?:了|着|呢|中)*"
        r"(?=[\s\W]|在|去|$)|(?:看|查|问|找|算)着呢",
        r"在(?:跟|和|向|问)(?:领导|老板|仓库|主管|店长|厂家|同事|师傅)(?:申请|确认|沟通|核实|问)?",
        r"(?:跟|和|向)(?:领导|老板|仓库|主管|店长|厂家|同事|师傅)(?:说|讲|提|申请)(?:一?下|一声)",
        r"(?:^|(?<=[\s\W]))(?:快[了好啦]+|(?:这|马上)?就来[了啦]?|来[了啦]+)(?:快[了好啦]+)?[哦哈呀]?(?=[\s\W]|$)",
        r"(?:马上|很快|就|快)(?:能)?(?:轮)?到(?:您|你)|轮到(?:您|你)|dengxia|shaodeng",
        (
            rf"(?:稍后|晚点|晚些|等一?下|待会儿?|过会儿?|一会儿?|回头|马上|尽快|(?:明天|今天|今晚|上午|下午|晚上)+内?|"
            rf"晚上|{_TIME_ZH}(?:之?内|以内|后|之后|左右)?)(?:我|就|会|再|马上|一定|必)*(?:给|跟|向|与|"
            rf"为)?(?:您|你)?(?:一个|个|准确|明确|最终|的)*(?:回复|答复|回应|联系|告诉|告知|通知|解答|"
            rf"反馈|回电|回话|消息|结果|回音|回)(?:您|你)?"
        ),
        (
            r"(?:核实|确认|查询|查|问|了解|处理)(?:(?:清楚|好|完|到)(?:之?后|了)?|之?后|了)(?:我|就|会|再|马上|尽快|"
            r"第一时间)*(?:给|跟|喊|叫|找)?(?:您|你)?(?:回复|答复|联系|告诉|告知|通知|反馈|回|说|喊|叫)(?:您|你)?"
        ),
        rf"给我(?:一点|点|几分钟|{_TIME_ZH})(?:的)?(?:时间)?",
        r"(?:这就|马上|立刻|立即|尽快)回(?:复)?(?:您|你)?[哈哦啊呢]?(?=[\s\W]|$)",
        r"第一时间(?:给|跟|向|与)?(?:您|你)?(?:通知|回复|联系|告知|答复|反馈)(?:您|你)?",
        r"马上(?:就)?(?:来|到|好|回来)(?![货了])|(?:^|(?<=[\s\W]))(?:马上|这就)[哦哈啊呢的]{0,2}(?=[\s\W]|$)",
        r"给(?:您|你)(?:申请|反馈|登记|核实|确认|查询?|问|催)一?下(?![了过到好])[^\W\d_]{0,4}",
        (
            r"(?:稍后|等一?下|一会儿?|马上|这就|现在|待会儿?)(?:就|给|再)*(?:(?:您|你)发|发(?:送|给)?(?:您|你))(?:过去)?"
            r"(?![货出顺快])"
        ),
        (
            rf"(?:正在|马上|这就|现在|帮|为|给)?(?:您|你)?转(?:接|给|到|交)?(?:到|给|至)?(?:专门|负责|更?专业|对应|的)*(?:人工|售后|"
            rf"售前|客服|同事|专员|专业|技术){_LOOKED_UP_ZH}|转接中"
        ),
        r"(?:咨询|接待|排队)?(?:的)?(?:人数|人|顾客|客户|买家)(?:比较|有点|有些|太|较|很)?多(?!的)",
        r"(?:正在)?(?:仔细|帮忙)?(?:帮(?:您|你))?(?:查询|查找|核实|核对|确认|处理)中",
    ),
    holding_en=(
        (
            r"(?:please |just |wait |hold on |give me |allow me |gimme |need |for )*(?:an?|one|1|a few|"
            r"few|two|a couple(?: of)?|some)(?: more| quick| brief)? (?:moments?|mom?e?nt|mo|ticks?|secs?|seconds?|min|"
            r"minute)(?: please)?(?! (?:ago|walk|drive))"
        ),
        (
            rf"(?:please )?(?:wait|give me|allow me|gimme|hold on|just|need)(?: for| about| like| just|"
            rf" another)? (?:{_TIME_EN}|(?:a few|few|a couple(?: of)?|some)(?: more)? (?:minutes?|mins?|"
            rf"hours?))"
        ),
        (
            r"hold on|hang on|hang tight|bear with (?:me|us)|(?:please )?wait(?: please| a bit|"
            r" a little| a while| for (?:me|us))|please (?:wait|hold)|stand ?by|be patient|brb|just a bit|"
            r"(?:please )?stay (?:online|with me)|(?:give|allow) me (?:some|a little|a bit more) time|"
            r"would you mind (?:waiting|holding)(?: on)?|(?:i'?m )?on it|two ticks|"
            r"(?:i'?m )?almost (?:there|done)|i'?ll be (?:right |back )?with you|be (?:right |back )?with you|"
            r"(?:a few|some|[0-9]{1,2}|several) (?:people|others|customers|buyers) (?:are )?(?:ahead of|before) you"
        ),
        (
            r"(?<![a-z0-9 ])secs?(?= ?(?:$|[^a-z0-9 ]))|(?:calculating|asking|(?:still )?waiting (?:on|for)|"
            r"(?:i'?ve|i have|i) (?:just |already )?asked|"
            r"let me (?!know|suggest|recommend|tell|say|offer|give you|send|explain|see you)[a-z]{2,12}|"
            r"(?:getting|finding|pulling up|grabbing|fetching) (?:that|the|this|it|one|some))"
            + _LOOKED_UP_EN
            + r"|while (?:i|we) (?:check|look|pull|get|find|confirm|ask)"
            + _LOOKED_UP_EN
        ),
        (
            rf"(?:let me|lemme|let us|i'?ll|i will|i'?m|i am|we'll|we will|we're|we are|allow me to|"
            rf"going to|gonna|i'?d need to|i'?d have to|i need to|i have to)"
            rf"(?: just| quickly| go| try to| now| also| be| quick| first|"
            rf" please| gonna| going to| have to| need to){{0,3}} (?:check(?:ing)?|look(?:ing)?|"
            rf"see (?:if|what|whether|how)|find(?:ing)? (?:that |this |it )?out|ask(?:ing)?|"
            rf"confirm(?:ing)?|verify(?:ing)?|double[- ]check(?:ing)?|take a (?:quick |closer )?look|"
            rf"have a (?:quick |closer )?look|investigat(?:e|ing)|dig(?:ging)? in(?:to)?|review(?:ing)?|"
            rf"pull(?:ing)? (?:that |it |this )?up|consult(?:ing)?|get (?:right )?back|get (?:that|this|"
            rf"it) for you|back shortly|right (?:back|with you)|with you|back in|transfer(?:ring)? you|"
            rf"connect(?:ing)? you|pass(?:ing)? (?:you|this|that)|reply|respond|update you|let you know|"
            rf"contact you|come back|reach out to|try (?:it|that|this)|search for|grab|reproduce|"
            rf"test (?:it|that|this)|measure|get (?:you )?(?:someone|somebody|a colleague)){_LOOKED_UP_EN}"
        ),
        r"let me see(?! you)",
        (
            r"(?:checking|looking(?: into| at)?(?! (?:good|great|nice|like|forward|for))|"
            r"investigating|verifying)(?: (?:it|that|this|now|up|in|"
            r"into|on|for|you|your|the|order|stock|right|with|warehouse|team|our|already)){0,6}"
        ),
        r"(?:will|gonna) (?:check|look into|get back|let you know|update you|find out)" + _LOOKED_UP_EN,
        (
            r"(?:someone|an agent|a colleague|our team|my colleague|a specialist|"
            r"a representative) will (?:be with you|get back|contact you|help you|assist you|reply)"
        )
        + _LOOKED_UP_EN,
    ),
    holding_with_zh=(
        r"您好|你好|嗨|哈喽|在的?|欢迎光临",
        (
            r"马上|立即|立刻|尽快|这就|正在|现在|稍后|安排|解答|处理|回复|服务|客服|人工|专员|专业|同事|"
            r"帮(?:忙|您|你)?|给(?:您|你)|为(?:您|你)|跟(?:您|你)|替(?:您|你)"
        ),
        r"发(?:给|送)?(?:您|你|一?下)?(?:链接|图片?|照片|截图|视频|过去|过来|出来)",
        (
            r"(?:不好意思|抱歉|对不起)|好的?[哦呢哈啊嘞滴哒]*|[嗯恩]+|收到|ok|没问题|明白|了解|别着?急|"
            r"不要着?急|别担心|放心|理解|谢谢|感谢|辛苦|麻烦"
        ),
        r"有?(?:消息|结果|答复|回复)(?:了|后|之后)?(?:就)?",
        r"耐心|当前|目前|咨询|排队|人数|较多|比较忙|有点忙|正忙|忙",
        r"(?:系统|网络|网页|后台|电脑)(?:这会儿|现在|有点|有些|太)?(?:卡|慢|打不开)[住了着]*",
        r"(?:师傅|设计师|仓库|主管|店长|老板|掌柜|同事|技术|采购|厂家|手头|我|这边|这会儿|刚刚?)(?:[^\W\d_]{0,3})?(?:正|还|都|也)?在"
        r"(?:忙|打包|接电话|接待|回|改|开会|吃饭|午休|休息|确认|申请|处理|弄|修|帮|问|查|看)[^\W\d_]{0,5}",
        r"(?:仓库|同事|师傅|厂家|那边|他们?|还)(?:那边)?(?:都|还|暂时)?没(?:有)?(?:回|回复|回我|消息|人接|上班)[^\W\d_]{0,3}",
        r"(?:请)?(?:不要|别|勿)(?:关闭|离开|走开|退出)(?:窗口|页面|聊天)?|别走[开远]?",
        r"我?(?:也)?不(?:太|是很|大)?(?:确定|清楚)|我?(?:看到|记下|记录)[了啦]|人手不够|实在",
        r"前面还?有[0-9一二两三四五六七八九十几]{1,3}[位个](?:人|买家|顾客)?",
        # What is looked up, said before it: "尺码我看下".
        r"(?:尺码表?|尺寸|库存|活动|优惠|订单|截图|图片|照片|说明书|参数|这个(?:问题)?|(?:您|你)的?问题)(?=\x01)",
        r"(?:还?有没有|能不能|是不是|会不会)[^\W\d_]{0,6}(?=\x01)",
        rf"大?(?:概|约)?(?:需要|要)?{_TIME_ZH}(?:之?内|以内|后|之后|左右)?",
    ),
    holding_with_en=(
        (
            r"hi|hey|hello|dear|sure|ok(?:ay)?|of course|certainly|no problem|got it|gotcha|alright|"
            r"thanks?|thank you|sorry|apologies|apologize|yep|good (?:morning|afternoon|evening)|"
            r"absolutely|great|understood"
        ),
        (
            rf"(?:with)?in (?:about |the next )?(?:{_TIME_EN}|a (?:few|bit|moment|minute|while)|"
            rf"a few minutes)|shortly|right away|asap|as soon as (?:possible|i can|we can|i know|"
            rf"i have (?:it|news))|right now|right back|soon|momentarily"
        ),
        r"patience|patient|waiting|delay|the wait|(?:that'?s a )?(?:good|great) question",
        r"(?:i'?m |i am )?not (?:100% |entirely |too |quite |so )?sure(?: (?:about|on) (?:that|this)(?: one)?)?",
        r"i (?:don'?t|do not) (?:have|know) (?:that|this)(?: (?:on|off|to) (?:hand|hand\w*|the top of my head))?",
        r"i haven'?t forgotten(?: you)?|and (?:will )?revert(?: shortly| asap)?|noted",
        r"(?:we'?re |it'?s |i'?m )?(?:a bit |very |quite |so |really )?busy(?: (?:at the moment|right now|today|now))?|"
        r"hanging in there|there'?s|there are|almost",
    ),
    empty_zh=(
        r"亲爱的|亲+|宝+|宝贝|小姐姐|美女|帅哥|先生|女士|老板|朋友|哥|姐|兄弟|买家",
        (
            r"我们?|咱们?|这边|您|你|请|先|就|会|再|去|来|的|了|啦|哈|哦|喔|噢|呢|啊|呀|嗯|恩|哒|滴|嘞|"
            r"哟|吧|一?下|一会儿?|后|之后|那|让|下|人|都|非常|十分|很"
        ),
        r"仔细|具体|详细|情况|信息|库存|仓库那边|那边",
    ),
    empty_en=(
        (
            r"please|pls|for|you|your|that|this|it|the|an?|me|i|we|us|my|our|and|while|just|so|now|on|"
            r"with|to|of|at|up|as|about|very|much|i'?m|i'?ll|we'?ll|be|am|there|bit|keep|here|then|will|"
            r"if|again|oh|ah|hmm*|um|uh|sir|madam|ma'am|man|mate|all|guys|is|into|also|back|get|can|s|m|"
            r"ll"
        ),
    ),
    answers_zh=(r"[有没无可能不是行对会包免现货送码元块折件天]|(?<![a-z0-9])[0-9]",),
    answers_en=(
        (
            r"yes|no|not|yep|nope|yeah|have|has|had|available|stock|free|ship\w*|sold|can't|cannot|"
            r"don't|doesn't|won't|in stock|deliver\w*|[0-9]+"
        ),
    ),
    greeting_zh=(
        r"亲爱的|亲+|[您你](?:们)?好[呀啊哦哈哒]?|(?:老板|大家)好|早上好|上午好|中午好|下午好|晚上好|早安|早|晚好|新年好|节日快乐",
        r"嗨|哈[喽啰罗]|嘿(?!嘿)|哈啰|喂|歪+|nihao|zai ?de|zai ?ma",
        r"(?:不好意思)?打扰(?:一?下|(?:您|你)?了)|[您你妳]好",
        r"(?:想|我想)?(?:请问|问|咨询)(?:一?下)?(?=[\s\W]|$)",
        r"(?:这里)?(?:售前|售后|本店)?客服[^\W\d_]{1,3}在线|久违了?",
        (
            r"(?:老板娘?|客服|店家|商家|亲|掌柜的?|店主|人工|卖家|有人|人)?(?:还|都|我|一直)?在(?:线)?(?:的|呢|哦|噢|喔|嘞|"
            r"哈|呀|啊|滴|哒|吗|么|嘛|不在|不|没|没有|了)*"
        ),
        r"有(?:没有|莫有)?(?:人|客服|人工)(?:在线|在|接待)?(?:的)?(?:吗|么|嘛|没|没有|不)?|客服呢",
        r"(?:热烈)?欢迎(?:您|你)?(?:的)?(?:光临|来到|咨询|惠顾|光顾|选购|进店)[^\s\W]{0,12}+(?![吗呢?])",
        (
            r"(?:很|非常)?(?:高兴|荣幸)(?:能)?(?:为|认识|遇见|见到)(?:您|你)(?:提供)?(?:服务)?|"
            r"[^\s\W]{0,10}(?:竭诚|全程|随时|继续)?(?:为|给)(?:您|你)(?:提供)?(?:服务|解答)"
        ),
        (
            r"(?:请问)?(?:您|你|亲)?(?:是)?(?:(?<!还)有)?(?:什么|啥|哪些|哪方面|哪里|没有什么)(?:问题|"
            r"产品|商品|宝贝|款式)?(?:可以|能|能够|需要|要|想|是)*(?:我|我们|为|帮|帮忙|帮助|帮到|咨询|"
            r"了解|服务|效劳|您|你|到|助|问|的|一?下|客服)+(?:吗|么|呢|嘛|的|哦|呀|吧)*"
        ),
        (
            r"(?:请问)?(?:您|你|亲)?(?:有|需要|要|想)(?:咨询|了解|问|看)?(?:些|点)?(?:什么|啥)(?:需要|帮助|帮忙|产品|"
            r"商品|问题|款式|呢|吗|的|哦|呀)*"
        ),
        r"我是(?:您|你)?的?(?:专属|售前|本店|在线|人工|导购|今天的)?(?:客服|顾问|导购|小助手|助理)[^\s\W]{0,6}+",
    ),
    greeting_en=(
        r"hi+|hell?o+|hey+|heya|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|hej|morning|evening|gm",
        r"(?:dear|hello|hi) seller|excuse me|ping|sorry to (?:bother|disturb)(?: you)?|(?:a )?quick question",
        r"(?:i have|i'?ve got|can i ask|may i ask|just)(?: you)? a (?:quick )?question",
        r"(?:i )?need (?:some |your )?help|(?:can|could) (?:you|someone|anyone) (?:please )?help(?: me)?(?: out)?",
        r"is (?:this|that) a (?:real person|human|bot)|(?:we|i)(?:'re| are|'m| am) here",
        (
            r"(?:any(?:one|body)|some(?:one|body)) (?:here|there|around|online|home)|(?:are )?(?:you|"
            r"u) (?:there|here|online|around)|is (?:any|some)(?:one|body) (?:here|there|around|available|online)|"
            r"any(?:one|body)"
        ),
        (
            r"how (?:can|may|could|might) (?:i|we) (?:help|assist|be of (?:help|service|"
            r"assistance))(?: you)?(?: out)?(?: with)?(?: today| now)?"
        ),
        (
            r"what (?:can|may) (?:i|we) (?:do for|help|assist)(?: you)?(?: with)?(?: today)?|what(?:'s|"
            r" is) up|how (?:are|r) (?:you|u)(?: doing)?(?: today)?"
        ),
        (
            r"welcome(?: to(?>(?: [a-z0-9&'-]{1,20}){1,5}))?|(?:thanks|thank you) for (?:contacting|"
            r"reaching out(?: to)?|visiting|messaging|your message|choosing|getting in touch|"
            r"chatting)(?: with)?(?>(?: [a-z0-9&'-]{1,20}){0,4})"
        ),
        r"(?:i'?m |i am )?(?:happy|glad|here|pleased) to (?:help|assist)(?: you)?",
        r"nice to meet (?:you|u)|pleased to meet you",
    ),
    greeting_with_zh=(
        r"亲爱的|亲+|宝+子?|宝贝|小姐姐|美女|帅哥|先生|女士|老板娘?|朋友|哥|姐|兄弟|小二|客服|掌柜|[买卖商]家|店主|小主|客官|欢迎",
        r"[嗯恩诶欸]+|急+|有(?:任何)?(?:问题|事)随时(?:说|问|找我)|来[了啦]|怎么[了啦]|\[[^\[\]]{1,6}\]",
        r"(?:这里|我这里|我这边)是[^\s\W]{1,12}+",
        r"的|呢|哦|喔|哈|呀|啊|哒|滴|请问|请讲|请说|请|您说|你说|有事(?:您|你)?(?:请)?(?:说|讲)",
    ),
    greeting_with_en=(
        r"my name is(?>(?: [a-z0-9'-]{1,20}){1,2})",
        r"(?:this is|i'?m|i am)(?: [a-z0-9'-]{1,20}){1,2}(?: (?:from|with)(?>(?: [a-z0-9&'-]{1,20}){1,4})| here|(?=,))",
        (
            r"there|dear|sir|madam|ma'am|friend|all|guys|everyone|everybody|team|folks|and|again|today|"
            r"man|mate|bro|buddy|seller|hun|hon|love|please"
        ),
    ),
    not_understood=(
        (
            r"(?:没有?|未能?|不太?|没能|不能|无法|听不|看不|暂时?(?:没有?|无法|不能))(?:完全|很好地?|"
            r"正确|太|大)?(?:听懂|看懂|懂|听明白|明白|理解|识别)"
        ),
        (
            r"换[个一]?(?:种|个)?(?:说法|问法|方式|表达|描述)|重新(?:描述|输入|表述|提问)|(?:说|"
            r"描述)得?(?:更|再)?(?:详细|具体|清楚)(?:一?些|一?点)|还在学习|暂时(?:无法|不能|"
            r"没法)(?:回答|解答)|(?:回答|解答)不了|没有?找到(?:相关|合适|匹配)的?(?:答案|回答|内容|问题)"
        ),
        (
            r"(?:did ?n[o']?t|do ?n[o']?t|could ?n[o']?t|can ?n?[o']?t|unable to|not sure (?:i|"
            r"we))(?: quite| fully| really)? (?:understand|get that|catch that|follow|recogni[sz]e)"
        ),
        (
            r"re-?phrase|still learning|(?:not sure|don'?t know) (?:what you mean|how to (?:answer|"
            r"help with) that)|try (?:asking|saying|wording) (?:it|that|your question)|in (?:other|"
            r"different) words"
        ),
    ),
    holding_signs=(
        *("稍", "等", "候", "正在", "马上", "这就", "立即", "立刻", "现在", "一下", "看下", "查下", "问下", "测下"),
        *(
            "算下",
            "找下",
            "认下",
            "实下",
            "询下",
            "对下",
            "解下",
            "通下",
            "馈下",
            "系下",
            "示下",
            "请下",
            "记下",
            "催下",
        ),
        *("理下", "排下", "看看", "问问", "查查", "查询", "查看", "询问", "问", "核实", "确认", "看", "查", "回复"),
        *("答复", "联系", "告诉", "告知", "通知", "解答", "反馈", "消息", "结果", "回", "转", "多", "发您", "发你"),
        *("发给", "发送", "处理"),
        *(
            "mo",
            "sec",
            "min",
            "wait",
            "hold",
            "hang",
            "bear",
            "stand",
            "patient",
            "brb",
            "bit",
            "let",
            "lemme",
            "sure",
            "on it",
            "tick",
            "stay",
            "asking",
            "calculating",
            "就来",
            "来了",
            "来啦",
            "快",
            "找",
            "算",
            "翻",
            "瞅",
            "瞧",
            "想",
            "试",
            "请教",
            "了解",
            "采购",
            "核",
            "沟通",
            "申请",
            "领导",
            "老板",
            "仓库",
            "主管",
            "店长",
            "厂家",
            "同事",
            "师傅",
            "到您",
            "到你",
            "while",
            "almost",
            "with you",
            "ahead of",
            "before you",
            "waiting",
            "asked",
            "getting",
            "finding",
            "pulling",
            "grabbing",
            "fetching",
            "下",
            "一哈",
            "分钟",
            "秒",
            "尽快",
            "很快",
            "随后",
            "着",
            "到一半",
            "在跟",
            "轮到",
            "dengxia",
            "shaodeng",
            "说一",
            "量",
            "一会",
            "待会",
            "询",
            "im ",
            "给我",
            "allow",
            "hold",
            "i'",
            "ill",
        ),
        *("will", "am ", "are ", "we'", "going", "gonna", "need", "have to", "looking", "checking", "verifying"),
        *("investigating", "just", "give me", "gimme", "few"),
    ),
)
