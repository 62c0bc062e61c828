"""What buyers, agents and bots say, in Chinese and English: data only.

Every line is of our own writing. ``{slots}`` are filled from the shop's goods.
What a line is *meant* as is part of the data, for the truth needs it: an
``ANSWERS`` line asks nothing, a ``probe`` asks, ``COURTESY`` wants no reply.
"""

from typing import NamedTuple


class Probe(NamedTuple):
    """A question the agent asks back, and what buyers say to it."""

    ask: str
    replies: tuple[str, ...]


class Intent(NamedTuple):
    """One thing buyers want to know: how they ask (bubble by bubble), what is answered."""

    asks: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]
    probes: tuple[Probe, ...] = ()


class Language(NamedTuple):
    """All that is said in one language."""

    intents: dict[str, Intent]
    openings: tuple[str, ...]  # Said before the question, or alone.
    nudges: tuple[str, ...]  # Said by who has waited.
    courtesy: tuple[tuple[str, ...], ...]  # At the end, or after "one moment".
    holding: tuple[str, ...]
    promises: tuple[tuple[str, int], ...]  # A holding reply that names its time, in seconds.
    greetings: tuple[str, ...]  # By the agent, and nothing else in it.
    closings: tuple[str, ...]  # By the agent, after the buyer's thanks.
    sorry: tuple[str, ...]  # Begins an answer that took long.
    welcome: tuple[str, ...]  # Automatic.
    away: tuple[str, ...]  # Automatic, nobody on duty.
    bot_answers: tuple[str, ...]
    bot_lost: tuple[str, ...]  # The bot says that it did not understand.
    want_person: tuple[str, ...]
    transfer_note: tuple[str, ...]  # System line in the chat.
    notes: tuple[str, ...]  # Among colleagues; the buyer does not see them.
    bought: tuple[str, ...]  # By the buyer, after ordering; wants an answer.
    bought_answers: tuple[str, ...]
    items: dict[str, tuple[str, ...]]  # By category of goods.


ZH = Language(
    intents={
        "stock": Intent(
            asks=(
                ("这款{item}还有货吗",),
                ("{size}码有现货吗",),
                ("{color}的还有没有", "要{size}码的"),
                ("直播间那款{item}什么时候补货呀",),
                ("{color}色断货了？",),
                ("我想拍两件", "库存够不够"),
            ),
            answers=(
                "有的亲，{color}{size}码仓库还有现货，今天可以发出哦",
                "这款{item}现货充足，您放心拍就好",
                "{color}色暂时没有了，预计{days}天后到货，黑色是现货哦",
                "够的亲，两件都是现货，一起发走",
                "{size}码还剩最后两件，喜欢就先拍下哦",
            ),
            probes=(Probe("亲要的是{color}还是黑色呢？", ("{color}的", "黑色", "都可以，哪个快发哪个")),),
        ),
        "size": Intent(
            asks=(
                ("身高{height}体重{weight}穿多大",),
                ("{height}", "{weight}斤", "穿什么码合适"),
                ("平时穿{size}的，这款偏大还是偏小",),
                ("尺码表发我看下",),
                ("脚背有点高，要不要拍大一码",),
            ),
            answers=(
                "根据您的身高体重，建议选{size}码，宽松合身的哦",
                "这款是正码，按平时穿的{size}码拍就可以",
                "这款版型偏小一点，建议您拍大一码",
                "尺码信息在详情页第三张图，{size}码肩宽和胸围都有标注哦",
            ),
            probes=(
                Probe("亲方便说下身高体重吗？", ("{height}，{weight}斤", "{height} {weight}", "一米六五 105")),
                Probe("您喜欢宽松一点还是修身一点呢？", ("宽松点", "修身的", "正常就行")),
            ),
        ),
        "price": Intent(
            asks=(
                ("有优惠吗",),
                ("这个{price}还能便宜点吗",),
                ("我看昨天是{price}", "今天怎么贵了"),
                ("大促会降价吗", "降了给退差价不"),
                ("怎么领券",),
                ("买三件能打折不",),
                ("满减可以跟店铺券一起用吗？",),
            ),
            answers=(
                "现在下单可以用店铺首页的优惠券，满{price}减20，到手很划算的",
                "亲，价格已经是活动价了，拍下另送运费险",
                "15天内降价可以找我们退差价的，您放心",
                "券在商品页价格下面，点领取就可以用了哦",
                "三件可以享受九折，拍下不付款，我给您改价",
            ),
            probes=(Probe("亲是要拍几件呢？", ("3件", "先拍一件", "两件，一起便宜点")),),
        ),
        "delivery": Intent(
            asks=(
                ("包邮吗?",),
                ("今天拍什么时候发货",),
                ("发什么快递啊",),
                ("到{city}要几天",),
                ("{city}发得到吗", "急用"),
                ("可以发顺丰吗，补差价也行",),
                ("几点前下单当天发？",),
            ),
            answers=(
                "全国包邮的亲，新疆西藏补一点运费差价",
                "今天16点前付款当天就能发出",
                "默认发中通，到{city}大概{days}天",
                "可以发顺丰的，补12元差价，备注一下就好",
                "{city}可以发的，{days}天左右送到您手上",
            ),
            probes=(Probe("亲是寄到哪个城市呢？", ("{city}", "{city}市区", "寄{city}，乡镇的")),),
        ),
        "material": Intent(
            asks=(
                ("{item}是什么材质的",),
                ("会起球吗",),
                ("会不会掉色啊", "白的敢一起洗不"),
                ("是纯棉的吗？",),
                ("味道大不大，家里有小孩",),
            ),
            answers=(
                "面料是95%棉加5%氨纶，亲肤透气的",
                "正常洗护不会起球，深色建议第一次单独洗哦",
                "材质通过检测的，没有异味，宝宝也能用",
                "这款做过固色处理，不用担心掉色",
            ),
        ),
        "use": Intent(
            asks=(
                ("{item}功率多大",),
                ("包安装吗",),
                ("一岁宝宝能用不",),
                ("敏感肌可以用吗",),
                ("这个和旁边那款有什么区别",),
                ("支持多少平米的房间？",),
                ("送安装视频不",),
            ),
            answers=(
                "可以用的哦，一岁以上都适合",
                "包安装的亲，签收后师傅会在{days}天内联系您",
                "敏感肌建议先在耳后试用，没有泛红再用就可以",
                "这款是升级款，多了定时功能，其他都一样",
                "适合15到25平的房间，客厅卧室都够用",
            ),
        ),
        "gift": Intent(
            asks=(("有赠品吗",), ("送什么小礼物",), ("可以写贺卡吗", "送朋友生日的"), ("能不能帮忙礼盒包装",)),
            answers=(
                "有的亲，下单就送同款小样一份，随包裹一起发",
                "可以写贺卡，把内容备注在订单里就好",
                "礼盒包装免费的，我给您备注上",
            ),
        ),
        "invoice": Intent(
            asks=(("可以开发票吗",), ("开公司抬头的票行不行",), ("发票什么时候能开", "月底要报销"), ("能开专票不",)),
            answers=(
                "可以开电子发票的，确认收货后在订单里申请就好",
                "公司抬头可以的，把税号备注一下，两个工作日内发您邮箱",
                "专票也能开，需要提供开票资料给我们登记",
            ),
        ),
        "return": Intent(
            asks=(("不合适能退吗",), ("七天无理由的吧",), ("退货运费谁出？",), ("拆了还能换不",)),
            answers=(
                "支持七天无理由的，不影响二次销售就可以退换",
                "店铺送运费险，退货运费自动理赔给您",
                "试穿可以的，吊牌不要剪就能换",
            ),
        ),
        "genuine": Intent(
            asks=(("是正品吗",), ("有没有质检报告",), ("跟专柜的一样？",)),
            answers=("官方直营，假一赔三，您放心选购", "质检报告在详情页最下面，支持查验的", "和专柜同款同批次的亲"),
        ),
    },
    openings=("在吗", "在吗？", "你好", "您好", "有人吗", "亲在不在", "hello", "在么"),
    nudges=("在吗", "?", "？", "人呢", "有人吗", "？？？", "怎么不回我", "还在吗", "客服在不在"),
    courtesy=(
        ("好的",),
        ("谢谢",),
        ("好的谢谢",),
        ("好的", "谢谢"),
        ("嗯嗯",),
        ("ok",),
        ("👌",),
        ("谢谢亲",),
        ("好滴",),
        ("知道了", "谢谢啦"),
    ),
    holding=(
        "稍等",
        "亲稍等",
        "稍等哦，我看一下",
        "我看一下",
        "亲稍等，帮您看下",
        "稍等一下哈",
        "请稍等，我帮您查一下",
    ),
    promises=(("稍等，十分钟内回您", 600), ("亲稍等，5分钟内回复您", 300)),
    greetings=("在的亲", "您好", "亲，在的哦", "在的", "您好亲"),
    closings=(
        "不客气，有需要随时联系我哦",
        "好的亲，祝您购物愉快",
        "不客气的亲，喜欢可以收藏店铺哦",
        "应该的，期待您的光临",
    ),
    sorry=("不好意思让您久等了，", "抱歉亲，刚才咨询有点多，", "久等啦，"),
    welcome=(
        "欢迎光临{shop}，客服正在赶来，您可以先把问题发过来哦",
        "亲，欢迎来到{shop}，今日下单享活动价，详情看首页",
        "您好，这里是{shop}，请简单描述您的问题",
    ),
    away=("亲，客服现在不在线，上班后会第一时间回复您", "现在是休息时间，您的留言我们看到后马上处理"),
    bot_answers=(
        "您是想咨询发货时间吧：现货商品48小时内发出",
        "优惠信息请看商品页的活动说明",
        "尺码建议请参考详情页尺码表",
        "本店支持七天无理由退换",
        "为您找到相关问题：1.如何领券 2.怎么改地址 3.发什么快递",
    ),
    bot_lost=("抱歉，我没听懂您的问题，您可以回复“转人工”", "小助手还不太明白，换个说法试试"),
    want_person=("转人工", "人工", "我要找人工客服", "人工客服"),
    transfer_note=("系统提示：会话已由{a}转接给{b}",),
    notes=("老客户，之前买过两次", "买家比较急，优先跟进", "已登记到货通知"),
    bought=("我拍了", "已付款，尽快发货哈", "拍好了，帮我备注一下", "下单了，今天能发吗"),
    bought_answers=(
        "收到亲，已经给您备注加急，今天安排发出",
        "看到您的订单了，这就交给仓库",
        "好的，马上安排打包发货哦",
    ),
    items={
        "fashion": ("卫衣", "针织衫", "阔腿裤", "羽绒服", "连衣裙", "风衣", "牛仔裤"),
        "kids": ("连体衣", "学步鞋", "儿童水杯", "抱被", "安全座椅"),
        "home": ("沙发", "床笠", "窗帘", "书柜", "餐椅", "四件套"),
        "appliance": ("电饭煲", "取暖器", "加湿器", "破壁机", "空气炸锅"),
        "beauty": ("面霜", "精华", "防晒", "口红", "洁面乳"),
        "snack": ("坚果礼盒", "牛肉干", "挂面", "绿茶"),
        "sport": ("跑鞋", "瑜伽垫", "冲锋衣", "登山包"),
        "digital": ("蓝牙耳机", "充电宝", "键盘", "手机壳"),
    },
)

EN = Language(
    intents={
        "stock": Intent(
            asks=(
                ("Is the {item} still in stock?",),
                ("do you have size {size}",),
                ("Hi, {color} one available?", "need two of them"),
                ("when will the {item} be restocked",),
            ),
            answers=(
                "Yes, the {color} one is in stock and ships today.",
                "Size {size} is available, we have a few left.",
                "{color} is sold out right now, new stock arrives in about {days} days.",
            ),
            probes=(Probe("Which colour would you like?", ("{color} please", "black", "any, whatever ships first")),),
        ),
        "size": Intent(
            asks=(
                ("I'm {height} cm, what size should I get?",),
                ("does it run small",),
                ("is there a size chart",),
                ("usually wear {size}", "will that fit?"),
            ),
            answers=(
                "With your height I would go for {size}.",
                "It runs true to size, so take your usual {size}.",
                "The size chart is the third picture on the product page.",
            ),
            probes=(
                Probe("Could you tell me your height and weight?", ("{height} cm, {weight} lbs", "{height}, medium")),
            ),
        ),
        "price": Intent(
            asks=(
                ("any discount code?",),
                ("Is {price} the final price",),
                ("do you price match", "saw it cheaper elsewhere"),
                ("is there a discount if I buy three",),
            ),
            answers=(
                "There is a 10% welcome code on the home page, it works on this one too.",
                "The price already includes tax and shipping.",
                "Three or more get 10% off, the cart takes it off by itself.",
            ),
        ),
        "delivery": Intent(
            asks=(
                ("how long does shipping to {city} take?",),
                ("is shipping free",),
                ("Can I get it before Friday?", "it's a gift"),
                ("which courier do you use",),
            ),
            answers=(
                "Delivery to {city} takes {days} working days.",
                "Shipping is free over 50, below that it is 4.90.",
                "Orders before 2 pm leave the same day.",
            ),
            probes=(Probe("Where should it be sent?", ("{city}", "to {city}", "{city}, a parcel locker")),),
        ),
        "material": Intent(
            asks=(
                ("what is the {item} made of",),
                ("Is it machine washable?",),
                ("does it smell", "have a baby at home"),
            ),
            answers=(
                "It is 95% cotton and 5% elastane, machine washable at 30 degrees.",
                "The fabric is certified and has no smell.",
            ),
        ),
        "gift": Intent(
            asks=(("can you gift wrap it",), ("Could you add a card?", "birthday of a friend")),
            answers=(
                "Gift wrapping is free, just tick the box in the cart.",
                "Sure, write the text into the order note.",
            ),
        ),
        "invoice": Intent(
            asks=(("can I get an invoice with VAT",), ("do you issue company invoices?",)),
            answers=(
                "The invoice comes by e-mail with the shipment, company name and VAT number go into the address.",
            ),
        ),
        "return": Intent(
            asks=(("can I return it if it doesn't fit",), ("who pays for the return?",)),
            answers=("You have 30 days to return it, unworn, and the label is free.",),
        ),
    },
    openings=("hi", "hello", "Hi there", "anyone there?", "hey"),
    nudges=("?", "hello?", "anyone there?", "still waiting", "are you there", "??"),
    courtesy=(("thanks",), ("thank you",), ("ok thanks",), ("ok", "thank you"), ("great, thanks",), ("👍",)),
    holding=("one moment please", "just a moment", "let me check", "one moment, let me check", "please hold on"),
    promises=(("one moment please, I will get back to you within 10 minutes", 600),),
    greetings=("hi", "hello", "Hi there"),
    closings=("You're welcome, enjoy your day!", "My pleasure, we are here any time.", "You are welcome."),
    sorry=("Sorry for the wait. ", "Thanks for your patience. "),
    welcome=("Welcome to {shop}! Leave your question here, a colleague will be with you shortly.",),
    away=("We are away right now and will answer as soon as we are back.",),
    bot_answers=(
        "Here is what I found about shipping: orders leave within 24 hours.",
        "You can find the size chart on every product page.",
        "Returns are free within 30 days.",
    ),
    bot_lost=("Sorry, I did not understand that.", 'I didn\'t get that. Type "agent" to talk to a person.'),
    want_person=("agent", "talk to a human please", "real person"),
    transfer_note=("System: conversation transferred from {a} to {b}",),
    notes=("regular customer", "wants it by Friday, see to it first"),
    bought=("just ordered it", "I placed the order", "paid, please ship soon"),
    bought_answers=("Got it, it goes out today.", "I can see your order, the warehouse is packing it."),
    items={
        "fashion": ("hoodie", "raincoat", "linen shirt", "wool coat"),
        "kids": ("romper", "sun hat", "toddler shoes"),
        "home": ("desk lamp", "rug", "duvet cover"),
        "appliance": ("kettle", "heater", "humidifier"),
        "beauty": ("day cream", "serum", "sunscreen"),
        "snack": ("nut mix", "green tea"),
        "sport": ("running shoes", "yoga mat", "backpack"),
        "digital": ("earbuds", "power bank", "keyboard"),
    },
)

LANGUAGES = {"zh": ZH, "en": EN}

COLORS = {"zh": ("白色", "米色", "灰色", "藏青", "焦糖", "粉色"), "en": ("white", "sand", "grey", "navy", "green")}
CITIES = {
    "zh": ("成都", "哈尔滨", "广州", "西安", "乌鲁木齐", "杭州", "长沙", "昆明"),
    "en": ("Berlin", "Leeds", "Madrid", "Oslo", "Toronto", "Lyon"),
}
SIZES = ("S", "M", "L", "XL", "2XL")

# Brands that do not exist.
BRANDS = (
    "森野", "绿芽", "南风", "北岸", "禾木", "拾光", "青柚", "云栖", "小满", "知白", "野渡", "棠梨", "橙湾", "牧谷",
    "听松", "半夏", "初屿", "麦浪", "竹里", "银杏里", "山雀", "暖橘", "木铎", "溪客", "桃叶", "星垂", "鹿鸣", "素问",
    "汀兰", "归燕",
)  # fmt: skip
BRANDS_EN = ("Northpine", "Harbour & Hem", "Larkfield", "Mossway", "Tidebell", "Oakrow", "Fernhill", "Driftline")
CATEGORIES = ("fashion", "kids", "home", "appliance", "beauty", "snack", "sport", "digital")

# 花名 of agents; the seat number (工号) goes before it.
AGENTS = (
    "小林", "小周", "阿杰", "小陈", "阿木", "半夏", "可乐", "青禾", "小鱼", "木子", "糖糖", "阿宁", "言叶", "小满",
    "南星", "知秋", "橘子", "阿昭", "云朵", "小夏", "安然", "十七", "慕言", "麦子", "小北", "佳佳", "浅浅", "阿树",
    "朝颜", "豆包儿", "西西", "阿远",
)  # fmt: skip

SURNAMES = (
    "张",
    "王",
    "李",
    "赵",
    "陈",
    "刘",
    "杨",
    "黄",
    "周",
    "吴",
    "徐",
    "孙",
    "胡",
    "朱",
    "高",
    "林",
    "何",
    "郭",
    "马",
    "罗",
)
GIVEN = (
    "小雨",
    "静",
    "伟",
    "晓",
    "建国",
    "婷",
    "浩然",
    "子涵",
    "丽",
    "思远",
    "敏",
    "欣怡",
    "磊",
    "可可",
    "萌萌",
    "阿福",
)
NICKS_EN = ("anna", "mark_b", "j.lopez", "sunny", "kate", "oli", "tomas", "maria", "wren", "peter_k", "lena", "hugo")
